"""What only a bucket has: pages, content types, neighbours outside the prefix."""

import pytest

from evoke_core.storage.s3 import S3Store


def test_a_listing_goes_on_over_pages(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
):
    names = [f"drops/{number:03d}" for number in range(7)]
    for name in names:
        s3_store.write(name, b"x")
    asked = []
    in_pages = s3_store.client.list_objects_v2

    def three_at_once(**options: object) -> object:
        asked.append(options)
        return in_pages(**{**options, "MaxKeys": 3})

    monkeypatch.setattr(s3_store.client, "list_objects_v2", three_at_once)

    assert [found.key for found in s3_store.listing("drops/")] == names
    assert len(asked) == 3


def test_nothing_beyond_the_prefix_is_seen(s3_store: S3Store):
    whole = S3Store(s3_store.bucket, "", s3_store.client)
    whole.write("some/prefix-of-another/blob", b"x")
    whole.write("elsewhere", b"x")
    s3_store.write("blob", b"x")

    assert [found.key for found in s3_store.listing("")] == ["blob"]
    assert whole.read("some/prefix/blob") == b"x"
    assert "elsewhere" in [found.key for found in whole.listing("")]


def test_pages_and_pictures_say_what_they_are(s3_store: S3Store):
    def type_of(key: str) -> str:
        s3_store.write(key, b"x")
        name = f"{s3_store.prefix}/{key}"
        return s3_store.client.head_object(Bucket=s3_store.bucket, Key=name)[
            "ContentType"
        ]

    assert type_of("boards/a/board.html") == "text/html; charset=utf-8"
    assert type_of("boards/a/board.png") == "image/png"
    assert type_of("tables/a/all.parquet") == "application/octet-stream"
    assert type_of("no suffix") == "application/octet-stream"


def test_a_missing_bucket_is_not_an_empty_store(s3_store: S3Store):
    absent = S3Store("no-such-bucket", "", s3_store.client)
    failure = s3_store.client.exceptions.ClientError

    for use in (
        lambda: absent.read("key"),
        lambda: absent.exists("key"),
        lambda: list(absent.listing("")),
    ):
        with pytest.raises(failure, match="NoSuchBucket"):
            use()


def test_one_request_tells_whether_a_blob_exists(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
):
    for number in range(5):
        s3_store.write(f"key-{number}", b"x")
    asked = []
    real = s3_store.client.list_objects_v2
    monkeypatch.setattr(
        s3_store.client,
        "list_objects_v2",
        lambda **options: asked.append(options) or real(**options),
    )

    assert not s3_store.exists("key")
    assert [options["MaxKeys"] for options in asked] == [1]
