"""One sandbox for each worker of a test run, as it was at the beginning for each test."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from migrator.sandbox import launch
from tests.integration.sandbox.cloud import Cloud


@pytest.fixture(scope="session")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[launch.Sandbox]:
    started = launch.start(log=tmp_path_factory.mktemp("sandbox") / "log")
    yield started
    launch.stop(started)


@pytest.fixture
def cloud(_sandbox: launch.Sandbox) -> Cloud:
    _sandbox.control.reset()
    return Cloud(_sandbox.endpoint, _sandbox.control)


@pytest.fixture
def iam(cloud: Cloud) -> Any:
    return cloud.root("iam")


@pytest.fixture(scope="session")
def certificate() -> str:
    """An X.509 certificate as IAM takes them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    built = x509.CertificateBuilder(name, name, key.public_key(), 1).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    signed = built.not_valid_after(datetime(2040, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()
