"""Snapshots of the whole sandbox: moto's state, the rules' stores, the clock and the source of identifiers.

One pickle carries everything, so that objects which refer to each other still do after `restore`.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.model_instances import model_data
from moto.moto_api._internal import mock_random

from migrator.sandbox import pickling, state
from migrator.sandbox.clock import CLOCK

_OWN = frozenset({"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"})
_BESIDE = "beside"
_SEED = 20_260_101

_taken: dict[str, bytes] = {}
_numbers = count(1)
_all_backends: dict[str, "BackendDict[Any]"] = {}


def take() -> str:
    """Keep the present state and return the id to restore it by."""
    saved = {
        "backends": {name: _plain(backend) for name, backend in _backends()},
        "stores": state.values(),
        "clock": CLOCK.offset,
        "random": mock_random.getstate(),
    }
    snapshot = f"snapshot-{next(_numbers)}"
    _taken[snapshot] = pickling.dump(saved)
    return snapshot


def restore(snapshot: str) -> None:
    """Put the state of a snapshot back; raises KeyError if there is none of that id."""
    saved = pickling.load(_taken[snapshot])
    for name, backend in list(_backends()):
        _refill(backend, saved["backends"].get(name, {}))
    for name in saved["backends"]:
        _refill(_all_backends[name], saved["backends"][name])
    state.put(saved["stores"])
    CLOCK.offset = saved["clock"]
    mock_random.setstate(saved["random"])
    _forget_instances()


def forget(snapshot: str) -> None:
    """Free what a snapshot takes; raises KeyError if there is none of that id."""
    del _taken[snapshot]


def reset() -> None:
    """Return to an empty sandbox: real time, no account, identifiers from the start; snapshots are forgotten."""
    for _, backend in list(_backends()):
        for beside in _beside(backend).values():
            beside.clear()
    BackendDict.reset()
    state.reset()
    CLOCK.reset()
    mock_random.seed(_SEED)
    _forget_instances()
    _taken.clear()


def size(snapshot: str) -> int:
    """Return how many bytes a snapshot takes."""
    return len(_taken[snapshot])


def _backends() -> Iterator[tuple[str, "BackendDict[Any]"]]:
    for backend in list(BackendDict._instances):
        name = f"{backend.service_name} {backend.backend.__module__}"
        _all_backends[name] = backend
        yield name, backend


def _plain(backend: "BackendDict[Any]") -> dict[str, dict[str, Any]]:
    return {_BESIDE: _beside(backend), **{account: dict(regions) for account, regions in backend.items()}}


def _beside(backend: "BackendDict[Any]") -> dict[str, Any]:
    # S3's bucket names and Organizations' management accounts stand beside the accounts' own state.
    return {name: value for name, value in vars(backend).items() if name not in _OWN and isinstance(value, dict)}


def _refill(backend: "BackendDict[Any]", saved: dict[str, dict[str, Any]]) -> None:
    accounts = {account: regions for account, regions in saved.items() if account != _BESIDE}
    beside = saved.get(_BESIDE, {})
    for name, value in _beside(backend).items():
        value.clear()
        value.update(beside.get(name, {}))
    for account in [account for account in backend if account not in accounts]:
        del backend[account]
    for account, regions in accounts.items():
        kept = backend[account]
        kept.clear()
        kept.update(regions)


def _forget_instances() -> None:
    # moto keeps every model instance it ever made in a list of its class; nothing here reads them.
    for service in model_data.values():
        for model in service.values():
            model.instances_tracked.clear()
