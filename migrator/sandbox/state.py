"""What the sandbox remembers beside moto: named stores that are reset, snapshotted and restored together."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

_STORES: dict[str, "Store[Any]"] = {}


class Store(Generic[Value]):
    """One picklable value under a name, made anew by its factory at each reset."""

    def __init__(self, name: str, factory: Callable[[], Value]) -> None:
        """Register the store; `name` is unique in the process."""
        self._factory = factory
        self.value = factory()
        _STORES[name] = self

    def reset(self) -> None:
        """Forget everything."""
        self.value = self._factory()


def reset() -> None:
    """Reset every store."""
    for store in _STORES.values():
        store.reset()


def values() -> dict[str, Any]:
    """Return the value of every store, by name."""
    return {name: store.value for name, store in _STORES.items()}


def put(saved: dict[str, Any]) -> None:
    """Set every store to a value saved before; one that was not saved is reset."""
    for name, store in _STORES.items():
        if name in saved:
            store.value = saved[name]
        else:
            store.reset()
