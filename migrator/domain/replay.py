"""Calls as they were logged, asked again of other policies as another principal: each kind of call once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address

from migrator.domain.policy.actors import NEW_SUFFIX, Actor
from migrator.domain.policy.compare import ask
from migrator.domain.policy.consents import Consents, owner_of
from migrator.domain.policy.evaluate import Decision, Policies
from migrator.domain.usage import UsageFact


class Replay:
    """A principal under its policies, asked about logged calls.

    `at` is the moment the calls are imagined at; `consents` are the policies of the resources, None where only the
    principal's own are asked.
    """

    def __init__(
        self, policies: Policies, actor: Actor, at: datetime | None = None, consents: Consents | None = None
    ) -> None:
        self._policies, self._actor, self._consents = policies, actor, consents
        self._keys = policies.keys
        # A set asks for few of the keys that are known, and every request carries what its actor does.
        asked = {key: value for key, value in actor.context.items() if key in self._keys}
        self._alone = replace(actor, context=asked)
        self._moment = (
            {} if at is None else {"aws:currenttime": at.isoformat(), "aws:epochtime": str(int(at.timestamp()))}
        )
        # A resource's policy may ask for anything; the principal's own ask for the keys that are known of them.
        wanted = _LOGGED if consents else {key: read for key, read in _LOGGED.items() if key in self._keys}
        self._wanted = tuple(wanted.items())
        self._known: dict[tuple[str, ...], Decision] = {}

    @property
    def role(self) -> str:
        """The pattern of the ARN of the role whose sessions these are, whatever suffix AWS gives it."""
        return str(self._actor.context.get("aws:principalarn", "")).replace(f"_{NEW_SUFFIX}", "_*")

    def decide(self, fact: UsageFact) -> Decision:
        """Decides one kind of call, whose action is known."""
        told = [read(fact) for _, read in self._wanted]
        key = (fact.action or "", fact.resource, *told)
        decision = self._known.get(key)
        if decision is None:
            context = {name: value for (name, _), value in zip(self._wanted, told, strict=True) if value}
            decision = self._known[key] = self._decide(fact, {**self._moment, **context})
        return decision

    def context(self, fact: UsageFact) -> Mapping[str, tuple[str, ...]]:
        """What is known of a call's context of all that the principal's own policies ask for."""
        told = {name: value for name, read in self._wanted if (value := read(fact))}
        known = {**self._alone.context, **self._moment, **told}
        asked = {key: value for key, value in known.items() if key in self._keys}
        return {key: (value,) if isinstance(value, str) else tuple(value) for key, value in asked.items()}

    def _decide(self, fact: UsageFact, context: Mapping[str, str]) -> Decision:
        action, resource = fact.action or "", as_resource(fact.resource)
        asked = {key: value for key, value in context.items() if key in self._keys}
        own = ask(self._policies, self._alone, action, resource, self._keys, asked)
        if self._consents is None:
            return own
        return self._consents.weigh(own, self._actor, action, resource, context, bounded=self._policies.bounded)


def as_resource(logged: str) -> str | None:
    """A logged resource as policies name it; None where it is not an ARN, since anything might be meant."""
    return logged if logged.startswith("arn:") or logged == "*" else None


def _address(fact: UsageFact) -> str:
    return fact.address if _is_address(fact.address) else ""


@lru_cache(maxsize=1024)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _through_service(fact: UsageFact) -> str:
    return "false" if fact.via in {"", "session"} else "true"


_LOGGED: Mapping[str, Callable[[UsageFact], str]] = {
    "aws:requestedregion": lambda fact: fact.region,
    "aws:useragent": lambda fact: fact.agent,
    "aws:sourceip": _address,
    "aws:viaawsservice": _through_service,
    "aws:resourceaccount": lambda fact: owner_of(fact.resource),
}
"""What the log tells of a call's context; the rest is the actor's or unknown."""
