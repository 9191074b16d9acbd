"""Two services whose state pickle cannot take as moto keeps it, and a snapshot would fail.

KMS gives each key a private key of OpenSSL. SSM keeps its tags in a dictionary that is filled by a lambda, and its
parameters in one that cannot be made without arguments.
"""

import copyreg
import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import serialization
from moto.ssm.models import ParameterDict, SimpleSystemManagerBackend

Reduced = tuple[Any, ...]

_nested: Callable[[], "defaultdict[str, dict[str, str]]"] = functools.partial(defaultdict, dict)


@functools.cache
def install() -> None:
    """Let pickle write private keys in DER and read them back; give SSM a dictionary without a lambda."""
    for kind in (openssl.rsa.RSAPrivateKey, openssl.ec.ECPrivateKey):
        copyreg.pickle(kind, _reduced)
    copyreg.pickle(ParameterDict, _reduced_parameters)
    begin = SimpleSystemManagerBackend.__init__

    def begin_plainly(backend: SimpleSystemManagerBackend, region_name: str, account_id: str) -> None:
        begin(backend, region_name, account_id)
        backend._resource_tags = defaultdict(_nested)

    SimpleSystemManagerBackend.__init__ = begin_plainly  # type: ignore[method-assign, assignment]


def _reduced(key: Any) -> Reduced:
    plain = serialization.NoEncryption()
    return _read, (key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain),)


def _reduced_parameters(parameters: ParameterDict) -> Reduced:
    return _empty_parameters, (), vars(parameters), None, iter(parameters.items())


def _empty_parameters() -> ParameterDict:
    return ParameterDict.__new__(ParameterDict)


def _read(content: bytes) -> Any:
    return serialization.load_der_private_key(content, password=None)
