"""A store in a bucket, beside the one on disk."""

from collections.abc import Iterator

import pytest

from evoke_core.storage.s3 import S3Store

BUCKET = "evoke-tests"


@pytest.fixture
def s3_store(aws: str) -> Iterator[S3Store]:
    store = S3Store(BUCKET, "some/prefix")
    store.client.create_bucket(Bucket=BUCKET)
    yield store
    store.client.close()
