"""`migrator permission-sets` on the small company: as code, and what each person gains and loses."""

import json

WRONG = 2


def names(company):
    return [one["name"] for one in company.run("permission-sets", "list", "--json").json if one["users"]]


def test_every_planned_set_is_written_as_code(company):
    with company.nothing_changes():
        written = company.run("permission-sets", "export", "--format", "cloudformation")
    assert (written.code, written.err) == (0, "")
    resources = json.loads(written.out)["Resources"].values()
    assert sorted(one["Properties"]["Name"] for one in resources) == names(company)
    terraform = company.run("permission-sets", "export")
    assert terraform.out.count('resource "aws_ssoadmin_permission_set" ') == len(names(company))
    assert [one["name"] for one in company.run("permission-sets", "export", "--json").json] == names(company)


def test_one_set_is_written_alone(company):
    first = names(company)[0]
    ran = company.run("permission-sets", "export", first, "--format", "json")
    assert [one["name"] for one in json.loads(ran.out)] == [first]


def test_wrong_words_are_refused(company):
    for words, says in (
        ((("--format", "pulumi")), "no format 'pulumi'"),
        (("nothing",), "no permission set 'nothing'"),
    ):
        ran = company.run("permission-sets", "export", *words)
        assert (ran.code, ran.out, ran.one_line) == (WRONG, "", True)
        assert says in ran.err


def test_the_difference_tells_what_is_granted_beyond_use_and_where_it_leads(company):
    for name in names(company):
        for user in company.run("permission-sets", "diff", name, "--json").json["users"]:
            assert user["granted"] >= len(user["unused"])
            assert all(one["source"] and one["new"] is False for one in user["escalations"])
        assert company.run("permission-sets", "diff", name).code == 0
