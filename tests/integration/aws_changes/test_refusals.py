"""What AWS refuses, or cannot do, comes out in the port's words; nothing is taken for done that was not."""

import json

import pytest
from botocore.awsrequest import AWSResponse

from migrator.domain.changes import UNREADABLE, Change, matches
from migrator.ports.aws import AccessDenied, NotSupported, Rejected, Transient, Unavailable
from tests.contract.hands_worlds import READ, VIEW_ONLY

SET = {"description": "Reads", "session_duration": "PT8H", "tags": {}}
PERSON = {"display_name": "Ada", "given_name": "Ada", "family_name": "Byron", "email": "ada@acme.example"}


class Body:
    """An answer's body as urllib3 would hand it over."""

    def __init__(self, text) -> None:
        self._text = text

    def stream(self, **_how: object):
        yield self._text.encode()


@pytest.fixture
def answer(world):
    """Let an operation be answered by an error instead of by AWS."""
    clients = {"sso-admin": world.directory.sso(), "identitystore": world.directory.store()}
    registered = []

    def script(service, operation, code, **members: str) -> None:
        body = json.dumps({"__type": code, "message": f"said by {operation}", **members})

        def reply(request, **_event: object) -> AWSResponse:
            return AWSResponse(request.url, 400, {"Content-Type": "application/x-amz-json-1.1"}, Body(body))

        event = f"before-send.{service}.{operation}"
        clients[service].meta.events.register(event, reply, unique_id=event)
        registered.append((clients[service], event))

    yield script
    for client, event in registered:
        client.meta.events.unregister(event, unique_id=event)


@pytest.fixture
def one(world):
    """A permission set that a person is assigned to."""
    one = (world.instance, "analysts")
    for kind, target, after in (
        ("permission-set", one, SET),
        ("identity-store-user", (world.store, "ada@acme.example"), PERSON),
        ("account-assignment", (*one, world.account, "USER", "ada@acme.example"), True),
    ):
        world.hands.make(Change(kind, target, None, after))
    return one


UNIQUE, BUSY = "UNIQUENESS_CONSTRAINT_VIOLATION", "CONCURRENT_MODIFICATION"


@pytest.mark.parametrize(
    ("code", "members", "error"),
    [
        ("ConflictException", {"Reason": UNIQUE}, Rejected),
        ("ConflictException", {"Reason": BUSY}, Transient),
        ("AccessDeniedException", {}, AccessDenied),
        ("ServiceQuotaExceededException", {}, Rejected),
        ("ValidationException", {}, Rejected),
    ],
)
def test_the_identity_store_says_whether_another_try_helps(world, answer, code, members, error):
    answer("identitystore", "CreateUser", code, **members)
    change = Change("identity-store-user", (world.store, "ada@acme.example"), None, PERSON)
    with pytest.raises(error, match="said by CreateUser"):
        world.hands.make(change)
    assert world.hands.observe(change) is None


@pytest.mark.parametrize(
    ("kind", "operation", "target", "before", "after"),
    [
        ("permission-set", "CreatePermissionSet", ("writers",), None, SET),
        ("permission-set", "UpdatePermissionSet", ("analysts",), SET, {**SET, "session_duration": "PT1H"}),
        ("permission-set-inline-policy", "PutInlinePolicyToPermissionSet", ("analysts",), None, READ),
        ("permission-set-managed-policy", "AttachManagedPolicyToPermissionSet", ("analysts", VIEW_ONLY), None, True),
        ("permission-set-provisioning", "ProvisionPermissionSet", ("analysts", None), "stale", "latest"),
        (
            "account-assignment",
            "DeleteAccountAssignment",
            ("analysts", None, "USER", "ada@acme.example"),
            True,
            None,
        ),
    ],
)
def test_a_conflict_with_an_earlier_write_passes(world, one, answer, kind, operation, target, before, after):
    answer("sso-admin", operation, "ConflictException")
    at = (one[0], *(part or world.account for part in target))
    with pytest.raises(Transient, match=f"said by {operation}"):
        world.hands.make(Change(kind, at, before, after))


def test_a_set_that_cannot_be_deleted_yet_is_tried_again(world, answer):
    target = (world.instance, "writers")
    world.hands.make(Change("permission-set", target, None, SET))
    answer("sso-admin", "DeletePermissionSet", "ConflictException")
    with pytest.raises(Transient):
        world.hands.make(Change("permission-set", target, SET, None))


def test_a_set_that_is_assigned_names_the_accounts(world, one):
    with pytest.raises(Rejected, match=world.account):
        world.hands.make(Change("permission-set", one, SET, None))


def test_a_status_that_never_ends_names_its_request(world, one):
    change = Change("permission-set-provisioning", (*one, world.account), "stale", "latest")
    started = world.clock.now()
    world.directory.sso().meta.events.register(
        "after-call.sso-admin.DescribePermissionSetProvisioningStatus", _unfinished, unique_id="unfinished"
    )
    try:
        with pytest.raises(Unavailable, match=r"[0-9a-f-]{36}"):
            world.hands.make(change)
    finally:
        world.directory.sso().meta.events.unregister(
            "after-call.sso-admin.DescribePermissionSetProvisioningStatus", unique_id="unfinished"
        )
    assert 600 <= (world.clock.now() - started).total_seconds() < 660


def _unfinished(parsed, **_event: object) -> None:
    parsed["PermissionSetProvisioningStatus"]["Status"] = "IN_PROGRESS"


def test_an_observation_that_was_refused_is_not_an_absence(world, one, answer):
    answer("sso-admin", "GetInlinePolicyForPermissionSet", "AccessDeniedException")
    with pytest.raises(AccessDenied, match="reading permission-set-inline-policy"):
        world.hands.observe(Change("permission-set-inline-policy", one, None, None))


def test_an_operation_that_an_endpoint_lacks_is_not_an_absence(world, one, answer):
    answer("sso-admin", "GetInlinePolicyForPermissionSet", "UnknownOperationException")
    with pytest.raises(NotSupported):
        world.hands.observe(Change("permission-set-inline-policy", one, None, None))


def test_tags_that_an_endpoint_cannot_list_contradict_nothing(world, one, answer):
    known = world.hands.observe(Change("permission-set", one, None, None))
    answer("sso-admin", "ListTagsForResource", "UnknownOperationException")
    dark = world.hands.observe(Change("permission-set", one, None, None))
    assert dark["tags"] == UNREADABLE
    assert matches(dark, known)


def test_without_a_provisioning_status_the_assignments_tell(world, one, answer):
    answer("sso-admin", "ListPermissionSetsProvisionedToAccount", "UnknownOperationException")
    copy = Change("permission-set-provisioning", (*one, world.account), None, None)
    assert world.hands.observe(copy) == "latest"
    change = Change("account-assignment", (*one, world.account, "USER", "ada@acme.example"), True, None)
    world.hands.make(change)
    assert world.hands.observe(copy) is None


def test_an_assignment_that_is_still_being_made_is_tried_again(world, one):
    group = (world.store, "staff")
    world.hands.make(Change("identity-store-group", group, None, {"description": ""}))
    (arn,) = world.directory.sso().list_permission_sets(InstanceArn=world.instance)["PermissionSets"]
    world.directory.sso().create_account_assignment(
        InstanceArn=world.instance,
        PermissionSetArn=arn,
        TargetId=world.account,
        TargetType="AWS_ACCOUNT",
        PrincipalType="GROUP",
        PrincipalId=world.directory.group_id(*group),
    )
    change = Change("account-assignment", (*one, world.account, "GROUP", "staff"), None, True)
    assert world.hands.observe(change) is None
    with pytest.raises(Transient):
        world.hands.make(change)
    world.end_requests()
    assert world.hands.observe(change) is True
