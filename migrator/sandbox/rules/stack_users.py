"""IAM users made by CloudFormation carry its tags, by which one sees who owns them.

moto makes such a user without any tag, even without those of the template.
Source: CloudFormation User Guide, "Resource tag": `aws:cloudformation:` stack-name, stack-id and logical-id.
"""

import functools
from typing import Any

from moto.iam.models import User, iam_backends
from moto.utilities.utils import get_partition


@functools.cache
def install() -> None:
    """Tag users where CloudFormation makes them."""
    made = User.create_from_cloudformation_json

    def create(resource_name: str, cloudformation_json: dict[str, Any], account: str, region: str, **more: Any) -> User:
        user = made(resource_name, cloudformation_json, account, region, **more)
        given = {each["Key"]: each["Value"] for each in cloudformation_json.get("Properties", {}).get("Tags", [])}
        tags = given | _stack_tags(more["StackId"], more["LogicalId"])
        tagger = iam_backends[account][get_partition(region)].tagger
        tagger.tag_resource(user.arn, [{"Key": key, "Value": value} for key, value in tags.items()])
        return user

    User.create_from_cloudformation_json = staticmethod(create)  # type: ignore[method-assign, assignment]


def _stack_tags(stack: str, logical: str) -> dict[str, str]:
    name = stack.split("/")[1]
    return {
        "aws:cloudformation:stack-name": name,
        "aws:cloudformation:stack-id": stack,
        "aws:cloudformation:logical-id": logical,
    }
