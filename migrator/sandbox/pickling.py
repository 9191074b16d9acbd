"""Pickles moto's state whole: also the few things in it that pickle refuses.

Those are locks, OpenSSL's private keys (KMS), functions without a name, dictionaries with a constructor of their
own (SSM) and dictionaries of weak references (Lambda).
"""

import importlib
import io
import marshal
import pickle
import threading
import types
import weakref
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization

Reduced = tuple[Any, ...]

_LOCKS = (type(threading.Lock()), type(threading.RLock()))


def dump(value: object) -> bytes:
    """Return a value as bytes."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def load(content: bytes) -> Any:
    """Return the value that `dump` was given."""
    return pickle.loads(content)  # noqa: S301 - our own bytes, never from outside


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        for recognises, reduced in _REDUCERS:
            if recognises(obj):
                return reduced(obj)
        return NotImplemented


def _is_local_function(obj: Any) -> bool:
    return isinstance(obj, types.FunctionType) and "<" in obj.__qualname__ and obj.__closure__ is None


def _function(obj: Any) -> Reduced:
    return _function_of, (obj.__module__, marshal.dumps(obj.__code__), obj.__defaults__)


def _function_of(module: str, code: bytes, defaults: tuple[Any, ...] | None) -> Callable[..., Any]:
    scope = vars(importlib.import_module(module))
    return types.FunctionType(marshal.loads(code), scope, "restored", defaults)  # noqa: S302 - our own bytes


def _is_own_dictionary(obj: Any) -> bool:
    return isinstance(obj, defaultdict) and type(obj) is not defaultdict


def _dictionary(obj: Any) -> Reduced:
    return _dictionary_of, (type(obj), obj.default_factory), vars(obj), None, iter(obj.items())


def _dictionary_of(kind: Any, factory: Any) -> Any:
    made = kind.__new__(kind)
    defaultdict.__init__(made, factory)
    return made


def _is_private_key(obj: Any) -> bool:
    return type(obj).__module__.startswith("cryptography.") and hasattr(obj, "private_bytes")


def _private_key(obj: Any) -> Reduced:
    form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return _private_key_of, (obj.private_bytes(*form),)


def _private_key_of(content: bytes) -> Any:
    return serialization.load_der_private_key(content, password=None)


def _is_weak(obj: Any) -> bool:
    return isinstance(obj, weakref.WeakValueDictionary)


def _weak(obj: Any) -> Reduced:
    return weakref.WeakValueDictionary, (dict(obj),)


def _lock(obj: Any) -> Reduced:
    return (threading.Lock if isinstance(obj, _LOCKS[0]) else threading.RLock), ()


_REDUCERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Reduced]], ...] = (
    (lambda obj: isinstance(obj, _LOCKS), _lock),
    (_is_local_function, _function),
    (_is_own_dictionary, _dictionary),
    (_is_private_key, _private_key),
    (_is_weak, _weak),
)
