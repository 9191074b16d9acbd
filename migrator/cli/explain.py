"""`migrator explain`: would one call work today, and tomorrow."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import selecting as choose
from migrator.cli.desk import Desk
from migrator.domain.errors import UsageError

if TYPE_CHECKING:
    from migrator.domain.explaining import Question

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")


def explain(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(metavar="USER", help="ACCOUNT_ID/NAME, an ARN, or a unique name.")],
    action: Annotated[str, typer.Option(help="The IAM action, such as s3:GetObject.")],
    resource: Annotated[str | None, typer.Option(help="The ARN it is made on; default: any.")] = None,
    context: Annotated[
        list[str] | None, typer.Option(help="A context key of the call, KEY=VALUE; may be repeated.")
    ] = None,
) -> None:
    """Say whether a call works today as the IAM user, and tomorrow through Identity Center; why, and what to change."""
    from migrator.cli.render.explain import explanation
    from migrator.operations.explain import explain as answer

    desk: Desk = ctx.obj
    question = _question(action, resource, context or ())
    data = answer(desk.tools, choose.one_user(desk, user).user.id, question)
    if not data["known_action"]:
        desk.warn(f"{data['action']} is no action that this version knows of: mind the spelling")
    desk.answer(data, lambda: explanation(data))


def _question(action: str, resource: str | None, context: Sequence[str]) -> "Question":
    from migrator.domain.explaining import Question

    if not _ACTION.fullmatch(action):
        raise UsageError(
            f"{action!r} is no action", next_step="write one action with its service, such as s3:GetObject"
        )
    if resource is not None and resource != "*" and not resource.startswith("arn:"):
        raise UsageError(f"{resource!r} is no ARN", next_step="write arn:…, or * for actions without a resource")
    return Question(action, resource, _values(context))


def _values(context: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Keys in lower case with their values, in the order given."""
    found: dict[str, tuple[str, ...]] = {}
    for text in context:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise UsageError(f"cannot read {text!r}", next_step="write --context KEY=VALUE, such as s3:prefix=home/")
        found[key.lower()] = (*found.get(key.lower(), ()), value)
    return found
