"""Pictures come out of buckets by the standard settings, signed or not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from evoke_core.corpus.download.buckets import open_buckets
from evoke_core.corpus.download.outcome import Outcome
from evoke_core.storage.local import LocalStore

BUCKET = "pictures-of-others"
Fetch = Callable[..., dict[str, Outcome]]


@pytest.fixture
def bucket(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A boto3 client beside a public bucket; the environment has the endpoint only."""
    import boto3

    client = boto3.client("s3")
    credentials = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    for name in (*credentials, "AWS_PROFILE", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    client.create_bucket(Bucket=BUCKET, ACL="public-read-write")
    yield client
    client.close()


def put(bucket: Any, key: str, body: bytes) -> str:
    bucket.put_object(Bucket=BUCKET, Key=key, Body=body, ACL="public-read")
    return f"s3://{BUCKET}/{key}"


@pytest.mark.parametrize("is_signed", [False, True])
def test_an_object_is_fetched(
    bucket: Any,
    fetch: Fetch,
    store: LocalStore,
    jpeg: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_signed: bool,
):
    if is_signed:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    address = put(bucket, "train/a b+ü.jpg", jpeg())

    # The endpoint is the operator's own: it may be in a private network.
    outcome = fetch(aa1=address, under={"allow_private": False})

    assert outcome["aa1"].address == address
    assert store.read("pictures/test/aa/aa1") == jpeg()


def test_a_missing_object_falls_back_to_the_web(
    bucket: Any, web: Any, fetch: Fetch, jpeg: Callable[..., bytes]
):
    thumbnail = web.serve("/t.jpg", web.answer(jpeg()))
    missing = f"s3://{BUCKET}/none.jpg"

    outcomes = fetch(aa1=(missing, thumbnail), aa2=missing, aa3="s3://no")

    assert outcomes["aa1"].address == thumbnail
    assert outcomes["aa2"].reason in {"not_found", "forbidden"}
    assert f"s3://{BUCKET}/none.jpg: got HTTP status" in str(outcomes["aa2"].detail)
    assert outcomes["aa3"].reason == "bad_address"


def test_objects_keep_the_same_limits(
    bucket: Any, fetch: Fetch, jpeg: Callable[..., bytes]
):
    outcomes = fetch(
        big=put(bucket, "big.jpg", jpeg() + bytes(200_000)),
        page=put(bucket, "page.jpg", b"<html>" * 20),
    )

    assert outcomes["big"].reason == "too_large"
    assert outcomes["page"].reason == "not_an_image"


def test_without_bucket_addresses_no_client_is_made():
    assert open_buckets(["https://example.org/a.jpg"]) is None
