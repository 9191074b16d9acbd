"""Whose credentials a client uses, and what happens around every attempt."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from migrator import __version__
from migrator.adapters.aws.session import Sessions
from migrator.ports.aws import AccessDenied, NotSupported, Unavailable
from tests.integration.aws.accounts import MEMBER, OWN
from tests.integration.aws.scripted import IDENTITY, failure, scripted

pytestmark = pytest.mark.usefixtures("roles")


class Crash(BaseException):
    """What a test's power cut is."""


def arn_of(client) -> str:
    return client.get_caller_identity()["Arn"]


def test_the_caller_is_asked_once():
    moments = []
    sessions = Sessions(on_call=lambda moment, n: moments.append((moment, n)))

    caller = sessions.caller()

    assert (caller.account_id, caller.partition) == (OWN, "aws")
    assert sessions.caller() is caller
    assert moments == [("before", 1), ("after", 1)]


@pytest.mark.parametrize(("purpose", "role"), [("read", "MigratorDiscovery"), ("change", "MigratorChange")])
def test_a_member_account_is_entered_with_the_role_of_the_purpose(sessions, purpose, role):
    arn = arn_of(sessions.client("sts", MEMBER, purpose))

    assert arn == f"arn:aws:sts::{MEMBER}:assumed-role/{role}/migrator"


def test_the_callers_own_account_needs_no_role(sessions):
    assert arn_of(sessions.client("sts", OWN, "read")) == sessions.caller().arn


@pytest.mark.parametrize(("purpose", "setting"), [("read", "aws.discovery_role"), ("change", "aws.change_role")])
@pytest.mark.usefixtures("endpoint")
def test_without_a_role_the_callers_own_account_is_open_and_no_other(purpose, setting):
    sessions = Sessions()

    assert arn_of(sessions.client("sts", OWN, purpose)) == sessions.caller().arn
    with pytest.raises(AccessDenied, match=f"{MEMBER} cannot be entered .* of {OWN}") as refused:
        sessions.client("sts", MEMBER, purpose)
    assert setting in refused.value.next_step


def test_outside_the_management_account_the_callers_account_is_a_member_too():
    manager = f"arn:aws:iam::{MEMBER}:role/OrganizationReader"
    sessions = Sessions(discovery_role="MigratorDiscovery", organization_role_arn=manager)

    assert arn_of(sessions.client("sts", OWN, "read")).endswith(f"{OWN}:assumed-role/MigratorDiscovery/migrator")
    assert arn_of(sessions.organization_client("sts")).endswith(f"{MEMBER}:assumed-role/OrganizationReader/migrator")


def test_identity_center_has_a_role_of_its_own():
    sessions = Sessions(identity_center_role_arn=f"arn:aws:iam::{MEMBER}:role/Center")

    assert f"{MEMBER}:assumed-role/Center/" in arn_of(sessions.center_client("sts", "eu-west-1"))
    assert arn_of(sessions.organization_client("sts")) == sessions.caller().arn


def test_another_partition_has_its_own_role_arns():
    sessions = Sessions(region="us-gov-west-1", discovery_role="path/Reader")

    assert sessions.role_arn(MEMBER, "read") == f"arn:aws-us-gov:iam::{MEMBER}:role/path/Reader"


def test_one_client_serves_all_threads_and_the_role_is_assumed_once():
    moments = []
    sessions = Sessions(discovery_role="MigratorDiscovery", on_call=lambda moment, n: moments.append((moment, n)))

    def listed(_number) -> int:
        client = sessions.client("iam", MEMBER, "read")
        client.list_account_aliases()
        return id(client)

    with ThreadPoolExecutor(8) as pool:
        clients = set(pool.map(listed, range(8)))

    calls_of_their_own = 2
    assert len(clients) == 1
    assert sum(moment == "before" for moment, _ in moments) == 8 + calls_of_their_own
    assert sorted(n for moment, n in moments if moment == "before") == list(range(1, 11))


def test_regions_and_services_have_clients_of_their_own(sessions):
    iam = sessions.own_client("iam")

    assert sessions.own_client("iam") is iam
    assert sessions.own_client("sts") is not iam
    assert sessions.own_client("sqs", "eu-west-1").meta.region_name == "eu-west-1"
    assert sessions.own_client("sqs").meta.region_name == "eu-central-1"


def test_requests_say_who_sends_them(sessions):
    agents = []
    client = sessions.own_client("sts")
    client.meta.events.register("before-send", lambda request, **_: agents.append(request.headers["User-Agent"]))

    client.get_caller_identity()

    assert f"migrator/{__version__}" in agents[0].decode()


@pytest.mark.parametrize(("moment", "made"), [("before", False), ("after", True)])
def test_a_crash_around_an_attempt_goes_out_as_it_is_and_is_not_retried(aws, moment, made):
    seen = []

    def cut(at, n) -> None:
        seen.append((at, n))
        if at == moment:
            raise Crash

    client = Sessions(on_call=cut).own_client("iam")
    with pytest.raises(Crash):
        client.create_user(UserName="ada")

    assert seen[-1] == (moment, 1)
    assert bool(aws("iam").list_users()["Users"]) is made


def test_a_crash_inside_assume_role_goes_out_too():
    def cut(moment, n) -> None:
        if (moment, n) == ("after", 2):
            raise Crash

    with pytest.raises(Crash):
        Sessions(discovery_role="MigratorDiscovery", on_call=cut).client("iam", MEMBER, "read").list_users()


def test_retries_are_attempts_too(monkeypatch):
    seen = []
    with scripted((500, failure("InternalFailure")), (200, IDENTITY)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        Sessions(on_call=lambda moment, n: seen.append((moment, n))).caller()

    assert seen == [("before", 1), ("after", 1), ("before", 2), ("after", 2)]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, failure("Throttling", "Rate exceeded"), Unavailable),
        (503, failure("ServiceUnavailable"), Unavailable),
        (500, "<!doctype html><p>Internal Server Error", NotSupported),
        (200, "<GetCallerIdentityResponse><GetCall", Unavailable),
        (403, failure("ExpiredToken", "The security token is &#x202e;expired"), AccessDenied),
        (403, failure("AccessDenied", "no"), AccessDenied),
    ],
)
def test_what_comes_over_the_wire_is_translated(monkeypatch, status, body, kind):
    with scripted((status, body)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(kind) as error:
            Sessions(attempts=1).caller()

    assert str(error.value).isprintable()
    assert error.value.next_step


def test_missing_credentials_say_how_to_sign_in(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(AccessDenied, match="credentials are missing") as error:
        Sessions().caller()

    assert "sign in" in error.value.next_step


def test_an_unknown_profile_is_named():
    with pytest.raises(AccessDenied, match="nobody-here"):
        Sessions(profile="nobody-here").caller()


def test_an_endpoint_that_is_not_there_is_unavailable(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")

    with pytest.raises(Unavailable, match="got no answer"):
        Sessions(attempts=1).caller()
