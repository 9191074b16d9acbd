"""What the demo adds to a seeded organization: a second identity that approves, and a trail that hears object calls."""

import json

from migrator.sandbox.clients import Clients, Credentials
from migrator.sandbox.seed import Seeded

APPROVER = "SecurityLead"


def hear_objects(seeded: Seeded) -> None:
    """Let the organization's trail record object calls too, so that refusals of scripts on buckets are heard."""
    organization = seeded.organization
    client = Clients(seeded.endpoint).make("cloudtrail", seeded.administrator, organization.home_region)
    objects = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": objects}
    client.put_event_selectors(TrailName=organization.trail, EventSelectors=[selector])


def make_approver(seeded: Seeded) -> None:
    """Make a role of the management account for whoever approves."""
    iam = Clients(seeded.endpoint).make("iam", seeded.administrator, seeded.organization.home_region)
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{seeded.management_account}:root"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=APPROVER, AssumeRolePolicyDocument=json.dumps(document))
    iam.attach_role_policy(RoleName=APPROVER, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def approver(seeded: Seeded) -> Credentials:
    """Assume the approver's role; the session is as short-lived as a real one."""
    arn = f"arn:aws:iam::{seeded.management_account}:role/{APPROVER}"
    sts = Clients(seeded.endpoint).make("sts", seeded.administrator, seeded.organization.home_region)
    return Credentials.of_session(sts.assume_role(RoleArn=arn, RoleSessionName="lead")["Credentials"])
