"""A real S3 endpoint on loopback, so that boto3 speaks HTTP as it does in use."""

from collections.abc import Iterator

import pytest

from evoke_core.storage.s3 import S3Store

BUCKET = "evoke-tests"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = pytest.importorskip("moto.server", reason="moto[server] serves S3 here")
    moto = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def s3_store(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Store]:
    for name, value in {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }.items():
        monkeypatch.setenv(name, value)
    store = S3Store(BUCKET, "some/prefix")
    store.client.create_bucket(Bucket=BUCKET)
    yield store
    pages = store.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    for page in pages:
        for found in page.get("Contents", ()):
            store.client.delete_object(Bucket=BUCKET, Key=found["Key"])
    store.client.delete_bucket(Bucket=BUCKET)
    store.client.close()
