"""What is read again just before a move, and what is young enough to count."""

from migrator.domain.lifecycle import Move, State
from migrator.operations.last_look import last_look
from migrator.ports.aws import NameReference, References
from tests.builders import ACCOUNT, a_key, a_user_facts
from tests.fakes.hands import FakeAws

NOTHING = References()


def searches(aws: FakeAws, answer: References = NOTHING):
    """Every search for references from now on, by the names it looked for."""
    made: list[list[str]] = []

    def find(_account, arns, _regions):
        made.append(sorted(arns))
        return answer

    aws.find_references = find
    return made


def test_one_search_serves_everybody_of_the_account(tools):
    alice, bob = (tools.add(a_user_facts(name)) for name in ("alice", "bob"))
    made = searches(tools.aws)
    for user in (alice, bob):
        last_look(tools, tools.user(user), Move.QUARANTINE, [alice.id, bob.id])
    arns = [f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("alice", "bob")]
    assert made == [sorted([*arns, "AIDAALICE", "AIDABOB"])]


def test_a_search_of_an_hour_ago_is_good_for_what_can_be_undone_and_not_for_a_deletion(tools):
    alice = tools.add(a_user_facts())
    made = searches(tools.aws)
    last_look(tools, tools.user(alice), Move.QUARANTINE, [alice.id])
    tools.clock.pass_time(minutes=50)
    last_look(tools, tools.user(alice), Move.QUARANTINE, [alice.id])
    assert len(made) == 1
    last_look(tools, tools.user(alice), Move.DELETE, [alice.id])
    tools.clock.pass_time(minutes=4)
    last_look(tools, tools.user(alice), Move.DELETE, [alice.id])
    assert len(made) == 2


def test_what_began_to_name_the_user_since_the_last_search_holds_its_deletion(tools):
    alice = tools.add(a_user_facts(credentials=(a_key(),)), State.DEACTIVATED)
    last_look(tools, tools.user(alice), Move.DELETE, [alice.id])
    tools.clock.pass_time(minutes=20)
    bucket = NameReference(f"arn:aws:iam::{ACCOUNT}:user/alice", "arn:aws:s3:::data", "allow")
    searches(tools.aws, References((bucket,)))
    last_look(tools, tools.user(alice), Move.DELETE, [alice.id])
    with tools.store.begin() as work:
        (dossier,) = work.dossiers([alice.id], tools.clock.now(), tools.rules.lookback)
    assert [one.where for one in dossier.references.found] == ["arn:aws:s3:::data"]
