"""S3 and IAM on moto, in this process."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.moto_server.threaded_moto_server import ThreadedMotoServer


@pytest.fixture(scope="session")
def moto_url():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(moto_url):
    """A plain boto3 client of an empty AWS: `client("s3")`."""
    BackendDict.reset()
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})

    def made(service, url=moto_url) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="example",
            config=config,
        )

    return made
