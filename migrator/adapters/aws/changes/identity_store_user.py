"""A person of the identity store, by user name."""

from migrator.adapters.aws.changes.center_kind import CenterKind
from migrator.adapters.aws.changes.kind import Target
from migrator.domain.changes import Change
from migrator.domain.model import Json


class IdentityStoreUser(CenterKind):
    """`{"display_name", "given_name", "family_name", "email"}`; it has no password and gets no invitation."""

    reads = ("identitystore:GetUserId", "identitystore:DescribeUser")
    writes = (
        "identitystore:GetUserId",
        "identitystore:CreateUser",
        "identitystore:UpdateUser",
        "identitystore:DeleteUser",
    )

    def observe(self, target: Target) -> Json:
        """The user's names and its primary address."""
        store, user_name = target
        user: Json = self.center.store().describe_user(
            IdentityStoreId=store, UserId=self.center.user_id(store, user_name)
        )
        name = user.get("Name") or {}
        emails = sorted(user.get("Emails") or (), key=lambda email: not email.get("Primary"))
        return {
            "display_name": user.get("DisplayName") or "",
            "given_name": name.get("GivenName") or "",
            "family_name": name.get("FamilyName") or "",
            "email": emails[0].get("Value", "") if emails else "",
        }

    def make(self, change: Change) -> None:
        """Create, update what differs, or delete."""
        store, user_name = change.target
        if change.before is None:
            self._create(store, user_name, change.after)
            return
        user = self.center.user_id(store, user_name)
        if change.after is None:
            self.center.store().delete_user(IdentityStoreId=store, UserId=user)
        else:
            operations = _operations(change.before, change.after)
            self.center.store().update_user(IdentityStoreId=store, UserId=user, Operations=operations)

    def _create(self, store: str, user_name: str, user: Json) -> None:
        self.center.store().create_user(
            IdentityStoreId=store,
            UserName=user_name,
            DisplayName=user["display_name"],
            Name={"GivenName": user["given_name"], "FamilyName": user["family_name"]},
            # Without a primary address `${user:email}` of SAML attributes is empty and sign-ins fail (aws-facts, 6).
            Emails=[{"Value": user["email"], "Type": "work", "Primary": True}],
        )


_PATHS = {"display_name": "displayName", "given_name": "name.givenName", "family_name": "name.familyName"}


def _operations(before: Json, after: Json) -> list[Json]:
    """What UpdateUser is to do; keys inside a value are lower case, as terraform-provider-aws sends them."""
    operations: list[Json] = [
        {"AttributePath": path, "AttributeValue": after[field]}
        for field, path in _PATHS.items()
        if after[field] != before.get(field)
    ]
    if after["email"] != before.get("email"):
        emails = [{"value": after["email"], "type": "work", "primary": True}]
        operations.append({"AttributePath": "emails", "AttributeValue": emails})
    return operations
