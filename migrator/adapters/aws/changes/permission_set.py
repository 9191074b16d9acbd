"""A permission set: its description, session duration and tags; its policies are changes of their own."""

from migrator.adapters.aws.changes.center_kind import LOOK_UP, CenterKind
from migrator.adapters.aws.changes.kind import Target, listed, not_so, tag_list
from migrator.adapters.aws.identity_center import tags_of
from migrator.domain.changes import Change
from migrator.domain.model import Json
from migrator.ports.aws import Missing, Rejected


class PermissionSet(CenterKind):
    """`{"description", "session_duration", "tags"}`; the duration as ISO 8601, `PT8H`.

    A change of fields, of new tags and of dropped tags are three writes: a plan that must survive being cut off between
    them makes them three changes.
    """

    reads = (*LOOK_UP, "sso:ListTagsForResource")
    writes = (
        *LOOK_UP,
        "sso:CreatePermissionSet",
        "sso:UpdatePermissionSet",
        "sso:TagResource",
        "sso:UntagResource",
        "sso:DeletePermissionSet",
        "sso:ListAccountsForProvisionedPermissionSet",
    )

    def observe(self, target: Target) -> Json:
        """The set as it is."""
        instance, name = target
        return self.center.with_set(instance, name, lambda arn: self._read(instance, arn))

    def _read(self, instance: str, arn: str) -> Json:
        sso = self.center.sso()
        found = sso.describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
        return {
            "description": found.get("Description") or "",
            "session_duration": found.get("SessionDuration") or "PT1H",
            "tags": tags_of(sso, instance, arn),
        }

    def make(self, change: Change) -> None:
        """Create with tags, change what differs, or delete."""
        instance, name = change.target
        if change.before is None:
            self._create(instance, name, change.after)
        elif change.after is None:
            self.center.with_set(instance, name, lambda arn: self._delete(instance, name, arn))
        elif change.before["description"] and not change.after["description"]:
            raise not_so(change, "a description can be replaced, not emptied")
        else:
            self.center.with_set(instance, name, lambda arn: self._update(instance, arn, change))

    def _create(self, instance: str, name: str, wanted: Json) -> None:
        sso = self.center.sso()
        try:
            made = sso.create_permission_set(
                InstanceArn=instance,
                Name=name,
                SessionDuration=wanted["session_duration"],
                Tags=tag_list(wanted["tags"]),
                **_described(wanted),
            )
        except sso.exceptions.ConflictException as conflict:
            # The same error says "taken" and "not now", without a reason field: a look tells them apart.
            if self._exists(instance, name):
                raise Rejected(
                    f"there is a permission set {name} already", next_step="run the same command again: it looks first"
                ) from conflict
            raise
        self.center.remember(name, made["PermissionSet"]["PermissionSetArn"])

    def _exists(self, instance: str, name: str) -> bool:
        try:
            return self.center.with_set(instance, name, bool)
        except Missing:
            return False

    def _update(self, instance: str, arn: str, change: Change) -> None:
        sso = self.center.sso()
        before, after = change.before, change.after
        if any(before[field] != after[field] for field in ("description", "session_duration")):
            # Every field is passed back: what is left out may be reset (aws-facts, 6).
            found = sso.describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
            relay: Json = {"RelayState": found["RelayState"]} if found.get("RelayState") else {}
            sso.update_permission_set(
                InstanceArn=instance,
                PermissionSetArn=arn,
                SessionDuration=after["session_duration"],
                **_described(after),
                **relay,
            )
        which: Json = {"InstanceArn": instance, "ResourceArn": arn}
        added = {key: value for key, value in after["tags"].items() if before["tags"].get(key) != value}
        if added:
            sso.tag_resource(**which, Tags=tag_list(added))
        dropped = sorted(before["tags"].keys() - after["tags"].keys())
        if dropped:
            sso.untag_resource(**which, TagKeys=dropped)

    def _delete(self, instance: str, name: str, arn: str) -> None:
        which: Json = {"InstanceArn": instance, "PermissionSetArn": arn}
        sso = self.center.sso()
        try:
            sso.delete_permission_set(**which)
        except sso.exceptions.ConflictException as conflict:
            accounts = sorted(listed(sso, "list_accounts_for_provisioned_permission_set", "AccountIds", **which))
            if accounts:
                raise Rejected(
                    f"permission set {name} is still assigned in {', '.join(accounts)}",
                    next_step="remove those assignments, then run the same command again",
                ) from conflict
            raise
        self.center.forget(name)


def _described(wanted: Json) -> Json:
    """The description as an argument; an empty one breaks the model's minimum length of 1, so none is sent."""
    return {"Description": wanted["description"]} if wanted["description"] else {}
