"""`migrator explain` on the small company: words in, words out, and every wrong word refused."""

import pytest

WRONG = 2


def test_it_says_what_becomes_of_a_call(company):
    with company.nothing_changes():
        ran = company.run("explain", "judy", "--action", "s3:ListAllMyBuckets", "--json")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json
    assert told["today"]["decision"] == "allowed"
    assert told["tomorrow"]["decision"] == "allowed"
    assert told["today"]["as"].endswith(":user/judy")
    assert "/judy" in told["tomorrow"]["as"]
    assert told["change"] == []


def test_people_read_it_too(company):
    ran = company.run("explain", "judy", "--action", "ec2:RunInstances", "--resource", "*")
    assert ran.code == 0
    assert "✗ today: implicitly denied" in ran.out
    assert "nothing: it does not work today either" in ran.out
    assert "not checked: service and resource control policies" in ran.out


def test_a_misspelt_action_is_answered_with_a_warning(company):
    ran = company.run("explain", "judy", "--action", "s3:GetObjekt", "--json")
    assert (ran.code, ran.json["known_action"]) == (0, False)
    assert "mind the spelling" in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody", "--action", "s3:GetObject"), "no user 'nobody'"),
        (("alice", "--action", "s3:GetObject"), "'alice' is ambiguous"),
        (("judy", "--action", "s3:*"), "'s3:*' is no action"),
        (("judy", "--action", "GetObject"), "'GetObject' is no action"),
        (("judy", "--action", "s3:GetObject", "--resource", "bucket"), "'bucket' is no ARN"),
        (("judy", "--action", "s3:GetObject", "--context", "s3:prefix"), "cannot read 's3:prefix'"),
        (("judy",), "action"),
    ],
)
def test_wrong_words_are_refused_with_the_right_ones(company, words, says):
    with company.nothing_changes():
        ran = company.run("explain", *words)
    assert (ran.out, ran.one_line) == ("", True)
    assert says in ran.err
    assert ran.code == WRONG


def test_without_credentials_the_own_policies_are_still_told(company, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXPIRED000000000")
    ran = company.run("explain", "judy", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::b/k", "--json")
    assert ran.code == 0
    assert ran.json["not_checked"][0] == "policy of arn:aws:s3:::b"
