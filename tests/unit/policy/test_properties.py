"""What must hold of every decision, on generated policies and requests, and agreement with the naive evaluator."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.evaluation_cases import generated_cases
from benchmarks.naive_evaluation import decide_naively
from migrator.domain.policy.evaluate import Policies, Request, Result, decide
from tests.unit.policy.strategies import (
    CASES,
    CASES_OF_RESOURCES,
    CONTEXTS,
    FULL,
    KEYS,
    LAYERS,
    NOTHING,
    OWNED,
    OWNER_KEYS,
    REQUESTS,
    REQUESTS_OF_ANYONE,
    SMALL,
    Case,
    statements,
)


@settings(SMALL, max_examples=120)
@given(CASES, REQUESTS)
def test_the_compiled_evaluator_agrees_with_the_naive_one(case: Case, request: Request) -> None:
    assert decide(case.policies(), request).result == decide_naively(case.line(request))


@settings(SMALL, max_examples=150)
@given(CASES_OF_RESOURCES, REQUESTS_OF_ANYONE)
def test_it_agrees_on_resources_sessions_and_who_they_name(case: Case, request: Request) -> None:
    assert decide(case.policies(), request).result == decide_naively(case.line(request))


@settings(SMALL, max_examples=60)
@given(st.integers(0, 10_000))
def test_it_agrees_on_the_requests_of_the_benchmark(seed: int) -> None:
    for case in generated_cases(4, seed):
        request = case["request"]
        asked = Request(request["principal"], request["action"], request["resource"], request["context"])
        policies = Policies(case["identity"], **{layer: case[layer] for layer in LAYERS})
        assert decide(policies, asked).result == decide_naively(case)


@SMALL
@given(CASES_OF_RESOURCES, REQUESTS_OF_ANYONE)
def test_every_decision_names_its_layer_and_every_statement_decided(case: Case, request: Request) -> None:
    decision = decide(case.policies(), request)
    if decision.result in {Result.ALLOWED, Result.EXPLICITLY_DENIED, Result.UNKNOWN}:
        assert decision.statement is not None
        assert decision.layer in {"identity", *LAYERS}
    else:
        assert decision.statement is None
        assert decision.layer in {None, "boundary", "session", "scp", "resource"}


@SMALL
@given(CASES, REQUESTS)
def test_an_explicit_deny_always_wins(case: Case, request: Request) -> None:
    for denied in (
        replace(case, identity=[*case.identity, NOTHING]),
        replace(case, boundary=NOTHING),
        replace(case, scp=[*(case.scp or []), [FULL, NOTHING]]),
    ):
        assert decide(denied.policies(), request).result is Result.EXPLICITLY_DENIED


@SMALL
@given(CASES, REQUESTS, statements())
def test_adding_a_deny_never_allows(case: Case, request: Request, statement: dict[str, Any]) -> None:
    denying = {"Version": "2012-10-17", "Statement": {**statement, "Effect": "Deny"}}
    after = decide(replace(case, identity=[*case.identity, denying]).policies(), request).result
    if after is Result.ALLOWED:
        assert decide(case.policies(), request).result is Result.ALLOWED


@SMALL
@given(CASES, REQUESTS, statements())
def test_adding_an_allow_to_the_identity_never_takes_away(
    case: Case, request: Request, statement: dict[str, Any]
) -> None:
    allowing = {"Version": "2012-10-17", "Statement": {**statement, "Effect": "Allow"}}
    if decide(case.policies(), request).result is Result.ALLOWED:
        assert decide(replace(case, identity=[*case.identity, allowing]).policies(), request).result is Result.ALLOWED


@SMALL
@given(CASES, REQUESTS, st.sets(st.sampled_from(KEYS)), CONTEXTS)
@example(Case([FULL], None, None), Request("p", "s3:GetObject"), {"n"}, {"n": "a"})
def test_what_is_decided_with_unknown_keys_holds_for_every_value_of_them(
    case: Case, request: Request, hidden: set[str], values: Mapping[str, Any]
) -> None:
    holds_however_the_hidden_keys_turn_out(case.policies(), request, hidden, values)


@SMALL
@given(CASES_OF_RESOURCES, REQUESTS_OF_ANYONE, st.sets(st.sampled_from([*KEYS, *OWNER_KEYS])), CONTEXTS, OWNED)
def test_it_holds_for_resources_too(
    case: Case, request: Request, hidden: set[str], values: Mapping[str, Any], owned: Mapping[str, str]
) -> None:
    holds_however_the_hidden_keys_turn_out(case.policies(), request, hidden, {**values, **owned})


def holds_however_the_hidden_keys_turn_out(
    policies: Policies, request: Request, hidden: set[str], values: Mapping[str, Any]
) -> None:
    seen = {key: value for key, value in request.context.items() if key not in hidden}
    full = {**seen, **{key: value for key, value in values.items() if key in hidden}}
    blind = decide(policies, replace(request, context=seen, unknown_keys=frozenset(hidden))).result
    real = decide(policies, replace(request, context=full)).result
    if blind is Result.ALLOWED:
        assert real is Result.ALLOWED
    if blind in {Result.EXPLICITLY_DENIED, Result.IMPLICITLY_DENIED}:
        assert real in {Result.EXPLICITLY_DENIED, Result.IMPLICITLY_DENIED}
    if blind is Result.EXPLICITLY_DENIED:
        assert real is Result.EXPLICITLY_DENIED


@SMALL
@given(CASES, st.lists(REQUESTS, min_size=2, max_size=6))
def test_remembered_decisions_equal_fresh_ones(case: Case, requests: list[Request]) -> None:
    remembering = case.policies()
    for request in [*requests, *reversed(requests)]:
        assert decide(remembering, request) == decide(case.policies(), request)


@SMALL
@given(CASES, REQUESTS)
def test_an_unknown_resource_is_allowed_only_where_every_resource_is(case: Case, request: Request) -> None:
    policies = case.policies()
    if decide(policies, replace(request, resource=None)).result is Result.ALLOWED:
        assert decide(policies, request).result is Result.ALLOWED
