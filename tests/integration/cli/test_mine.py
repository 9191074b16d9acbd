"""`migrator usage mine` on a bucket of the sandbox: as many processes as one likes, the same answer."""

from migrator.sandbox.clients import Clients


def test_several_processes_read_a_bucket_and_answer_the_same(company):
    own = Clients(company.seeded.endpoint).make("s3", company.seeded.credentials["data/alice"], "us-east-1")
    for _ in range(3):
        own.list_buckets()
        company.control.deliver()
    words = ["usage", "mine", company.seeded.trail_location, "--json"]
    one, two = company.run(*words), company.run(*words, "--workers", "2")
    assert one.code == two.code == 0, two.err
    assert one.json == two.json
    assert {user["user_arn"].rpartition("/")[2] for user in one.json["users"]} >= {"alice"}
