"""S3 and SQS on loopback, so that boto3 speaks HTTP as it does in use."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def served_aws() -> Iterator[str]:
    """Serve S3 and SQS from a thread of this process; yields the address.

    What it holds belongs to the process, not to the server: see `empty`.
    """
    moto = pytest.importorskip("moto.server", reason="moto[server] serves S3 here")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    finally:
        server.stop()


def empty(address: str) -> None:
    """Forget every bucket and every queue, whoever made them in this process."""
    request = urllib.request.Request(f"{address}/moto-api/reset", method="POST")
    with urllib.request.urlopen(request):
        pass


def environment_of(address: str) -> dict[str, str]:
    """Return what makes boto3 speak to an address."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
