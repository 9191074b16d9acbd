"""Ways to more access than was given: which of them a set of policies opens.

Sources: pathfinding.cloud's catalogue of paths; Rhino Security Labs, "AWS IAM privilege escalation"; IAM User Guide,
"Granting a user permissions to pass a role to an AWS service".
"""

from collections.abc import Iterable
from dataclasses import dataclass

from migrator.domain.policy.evaluate import Policies, Request, Result, decide


@dataclass(frozen=True, slots=True)
class Path:
    """Actions that together give more access, in lower case, how, and who described it."""

    actions: frozenset[str]
    how: str
    source: str


@dataclass(frozen=True, slots=True)
class Escalation:
    """A path that the policies open. `certain` means on every resource and without conditions we cannot know."""

    path: Path
    certain: bool


RHINO = "Rhino Security Labs, AWS IAM Privilege Escalation (rhinosecuritylabs.com/aws/aws-privilege-escalation)"
PATHFINDING = "pathfinding.cloud, catalogue of AWS privilege escalation paths"


def _paths(how: str, *needed: str, source: str = RHINO) -> tuple[Path, ...]:
    return tuple(Path(frozenset(one.split("+")), how, source) for one in needed)


PATHS: tuple[Path, ...] = (
    *_paths("writes its own policies", "iam:createpolicyversion", "iam:setdefaultpolicyversion"),
    *_paths("attaches any policy", "iam:attachuserpolicy", "iam:attachgrouppolicy", "iam:attachrolepolicy"),
    *_paths("writes any inline policy", "iam:putuserpolicy", "iam:putgrouppolicy", "iam:putrolepolicy"),
    *_paths("joins any group", "iam:addusertogroup"),
    *_paths(
        "makes credentials of others",
        "iam:createaccesskey",
        "iam:createloginprofile",
        "iam:updateloginprofile",
        "iam:createservicespecificcredential",
    ),
    *_paths("lets itself into any role", "iam:updateassumerolepolicy"),
    *_paths(
        "lifts boundaries", "iam:deleteuserpermissionsboundary", "iam:deleterolepermissionsboundary", source=PATHFINDING
    ),
    *_paths(
        "replaces boundaries", "iam:putuserpermissionsboundary", "iam:putrolepermissionsboundary", source=PATHFINDING
    ),
    *_paths("assumes any role that trusts the account", "sts:assumerole", source=PATHFINDING),
    *_paths("gives itself permission sets", "sso:createaccountassignment", source=PATHFINDING),
    *_paths(
        "changes permission sets",
        "sso:putinlinepolicytopermissionset",
        "sso:attachmanagedpolicytopermissionset",
        "sso:attachcustomermanagedpolicyreferencetopermissionset",
        source=PATHFINDING,
    ),
    *_paths("joins any group of Identity Center", "identitystore:creategroupmembership", source=PATHFINDING),
    *_paths("uses keys of others", "kms:creategrant", source=PATHFINDING),
    *_paths(
        "runs code with a role it passes",
        "iam:passrole+ec2:runinstances",
        "iam:passrole+lambda:createfunction",
        "iam:passrole+ecs:registertaskdefinition+ecs:runtask",
        "iam:passrole+ecs:registertaskdefinition+ecs:createservice",
        "iam:passrole+cloudformation:createstack",
        "iam:passrole+cloudformation:updatestackset",
        "iam:passrole+cloudformation:createstackset+cloudformation:createstackinstances",
        "iam:passrole+codebuild:createproject",
        "iam:passrole+datapipeline:createpipeline+datapipeline:putpipelinedefinition",
        "iam:passrole+glue:createdevendpoint",
        "iam:passrole+glue:createjob",
        "iam:passrole+sagemaker:createnotebookinstance",
        "iam:passrole+sagemaker:createtrainingjob",
        "iam:passrole+sagemaker:createprocessingjob",
        "iam:passrole+states:createstatemachine",
        "iam:passrole+ssm:startautomationexecution",
        "iam:passrole+bedrock-agentcore:createcodeinterpreter+bedrock-agentcore:startcodeinterpretersession",
        source=PATHFINDING,
    ),
    *_paths(
        "runs code with a role that is there",
        "lambda:updatefunctioncode",
        "codebuild:startbuild",
        "codebuild:startbuildbatch",
        "cloudformation:updatestack",
        "glue:updatedevendpoint",
        "ssm:sendcommand",
        "ssm:startsession",
        "ec2-instance-connect:sendsshpublickey",
        "ec2:createlaunchtemplateversion+ec2:modifylaunchtemplate",
        "sagemaker:createpresignednotebookinstanceurl",
        "sagemaker:createnotebookinstancelifecycleconfig+sagemaker:updatenotebookinstance",
        source=PATHFINDING,
    ),
)
"""The known paths."""

CAPABLE = frozenset({"iam:passrole"}).union(*(path.actions for path in PATHS if len(path.actions) == 1))
"""Actions, in lower case, that on every resource lead to more access by themselves, or with the usual rights."""


def escalations(policies: Policies) -> tuple[Escalation, ...]:
    """Lists the paths that the policies open on some resource under some condition, in the order of `PATHS`."""
    keys = policies.keys
    needed = {action for path in PATHS for action in path.actions}
    results = {action: decide(policies, Request("", action, None, unknown_keys=keys)).result for action in needed}
    found = ((path, {results[action] for action in path.actions}) for path in PATHS)
    return tuple(
        Escalation(path, certain=answers == {Result.ALLOWED})
        for path, answers in found
        if answers <= {Result.ALLOWED, Result.UNKNOWN}
    )


def escalation_capable(actions: Iterable[str]) -> tuple[str, ...]:
    """Picks, of actions without wildcards, those that may lead to more access, sorted."""
    return tuple(sorted(action for action in actions if action.lower() in CAPABLE))
