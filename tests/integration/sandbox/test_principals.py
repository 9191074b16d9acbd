import json
from typing import Any

import pytest

from tests.integration.sandbox.cloud import MANAGEMENT, Cloud, refusal
from tests.integration.sandbox.test_enforcement import policy, statement, trust

ARN = f"arn:aws:iam::{MANAGEMENT}:user/ann"


class Place:
    """One kind of resource policy: save it, read it."""

    def __init__(self, cloud: Cloud, service: str) -> None:
        self.client = cloud.root(service)
        self.service = service
        self.name = getattr(self, f"_make_{service}")()

    def _make_iam(self) -> str:
        self.client.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": MANAGEMENT}))
        return "r"

    def _make_s3(self) -> str:
        self.client.create_bucket(Bucket="bucket")
        return "bucket"

    def _make_sqs(self) -> str:
        return str(self.client.create_queue(QueueName="q")["QueueUrl"])

    def _make_sns(self) -> str:
        return str(self.client.create_topic(Name="t")["TopicArn"])

    def _make_kms(self) -> str:
        return str(self.client.create_key()["KeyMetadata"]["KeyId"])

    def _make_secretsmanager(self) -> str:
        return str(self.client.create_secret(Name="s", SecretString="x")["ARN"])

    def save(self, text: str) -> None:
        save: dict[str, Any] = {
            "iam": lambda: self.client.update_assume_role_policy(RoleName=self.name, PolicyDocument=text),
            "s3": lambda: self.client.put_bucket_policy(Bucket=self.name, Policy=text),
            "sqs": lambda: self.client.set_queue_attributes(QueueUrl=self.name, Attributes={"Policy": text}),
            "sns": lambda: self.client.set_topic_attributes(
                TopicArn=self.name, AttributeName="Policy", AttributeValue=text
            ),
            "kms": lambda: self.client.put_key_policy(KeyId=self.name, PolicyName="default", Policy=text),
            "secretsmanager": lambda: self.client.put_resource_policy(SecretId=self.name, ResourcePolicy=text),
        }
        save[self.service]()

    def principal(self) -> Any:
        read: dict[str, Any] = {
            "iam": lambda: self.client.get_role(RoleName=self.name)["Role"]["AssumeRolePolicyDocument"],
            "s3": lambda: self.client.get_bucket_policy(Bucket=self.name)["Policy"],
            "sqs": lambda: self.client.get_queue_attributes(QueueUrl=self.name, AttributeNames=["Policy"])[
                "Attributes"
            ]["Policy"],
            "sns": lambda: self.client.get_topic_attributes(TopicArn=self.name)["Attributes"]["Policy"],
            "kms": lambda: self.client.get_key_policy(KeyId=self.name, PolicyName="default")["Policy"],
            "secretsmanager": lambda: self.client.get_resource_policy(SecretId=self.name)["ResourcePolicy"],
        }
        document = read[self.service]()
        return (json.loads(document) if isinstance(document, str) else document)["Statement"][0]["Principal"]["AWS"]


SERVICES = {
    "iam": "MalformedPolicyDocument",
    "s3": "MalformedPolicy",
    "sqs": "InvalidAttributeValue",
    "sns": "InvalidParameter",
    "kms": "MalformedPolicyDocumentException",
    "secretsmanager": "MalformedPolicyDocumentException",
}


def naming(service: str, principal: Any) -> str:
    if service == "iam":
        return trust({"AWS": principal})
    actions = {"s3": "s3:ListBucket", "kms": "kms:*", "secretsmanager": "secretsmanager:GetSecretValue"}
    action = actions.get(service, f"{service}:*")
    resource = "arn:aws:s3:::bucket" if service == "s3" else "*"
    return policy(statement(action=action, resource=resource, Principal={"AWS": principal}))


@pytest.mark.parametrize("service", SERVICES)
def test_a_deleted_user_becomes_its_id_in_every_policy_that_named_it(cloud: Cloud, iam, service):
    place = Place(cloud, service)
    identity = iam.create_user(UserName="ann")["User"]["UserId"]
    place.save(naming(service, ARN))
    assert place.principal() == ARN
    iam.delete_user(UserName="ann")
    assert place.principal() == identity
    iam.create_user(UserName="ann")
    assert place.principal() == identity


@pytest.mark.parametrize(("service", "code"), SERVICES.items())
def test_a_policy_that_names_nobody_cannot_be_saved(cloud: Cloud, iam, service, code):
    place = Place(cloud, service)
    identity = iam.create_user(UserName="ann")["User"]["UserId"]
    iam.delete_user(UserName="ann")
    for nobody in (ARN, identity, [f"arn:aws:iam::{MANAGEMENT}:root", identity]):
        assert refusal(place.save, naming(service, nobody)) == code


def test_a_recreated_user_has_no_access_by_the_old_policy(cloud: Cloud):
    cloud.control.enforce()
    iam, s3 = cloud.administrator("iam"), cloud.administrator("s3")
    s3.create_bucket(Bucket="bucket")

    def client() -> Any:
        iam.create_user(UserName="ann")
        return cloud.with_key("s3", iam.create_access_key(UserName="ann")["AccessKey"])

    first = client()
    s3.put_bucket_policy(Bucket="bucket", Policy=naming("s3", ARN))
    first.list_objects_v2(Bucket="bucket")
    key = iam.list_access_keys(UserName="ann")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.delete_access_key(UserName="ann", AccessKeyId=key)
    iam.delete_user(UserName="ann")
    assert refusal(client().list_objects_v2, Bucket="bucket") == "AccessDenied"


def test_a_renamed_user_is_renamed_in_policies(cloud: Cloud, iam):
    place = Place(cloud, "s3")
    iam.create_user(UserName="ann")
    place.save(naming("s3", [ARN, f"arn:aws:iam::{MANAGEMENT}:root"]))
    iam.update_user(UserName="ann", NewUserName="anna")
    assert place.principal() == [f"{ARN}a", f"arn:aws:iam::{MANAGEMENT}:root"]


def test_principals_of_accounts_outside_the_sandbox_are_taken_as_given(cloud: Cloud):
    place = Place(cloud, "s3")
    stranger = "arn:aws:iam::999999999999:user/eve"
    place.save(naming("s3", stranger))
    assert place.principal() == stranger
