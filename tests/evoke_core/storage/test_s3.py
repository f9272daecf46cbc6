"""What only a bucket has: pages, content types, neighbours outside the prefix."""

import pytest

from evoke_core.errors import ConfigError
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


def name_of(store: S3Store, key: str) -> dict[str, str]:
    return {"Bucket": store.bucket, "Key": f"{store.prefix}/{key}"}


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("a.webp", "image/webp"),
        ("a.MP4", "video/mp4"),
        ("a.svg", "image/svg+xml"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.v2.mp3", "audio/mpeg"),
        ("a.html/b", "application/octet-stream"),
    ],
)
def test_browsers_are_told_what_a_blob_is(s3_store: S3Store, key: str, kind: str):
    s3_store.write(key, b"x", cache_control="public, max-age=60")
    head = s3_store.client.head_object(**name_of(s3_store, key))

    assert (head["ContentType"], head["CacheControl"]) == (kind, "public, max-age=60")


def test_a_song_that_was_uploaded_in_parts_is_read_as_listed(s3_store: S3Store):
    where, client = name_of(s3_store, "drops/long.mp3"), s3_store.client
    upload = client.create_multipart_upload(**where)["UploadId"]
    bodies = [b"a" * (5 << 20), b"end"]
    parts = [
        {
            "PartNumber": row,
            "ETag": client.upload_part(
                **where, UploadId=upload, PartNumber=row, Body=body
            )["ETag"],
        }
        for row, body in enumerate(bodies, 1)
    ]
    client.complete_multipart_upload(
        **where, UploadId=upload, MultipartUpload={"Parts": parts}
    )
    (found,) = s3_store.listing("drops/")

    assert found.etag.endswith("-2")
    assert s3_store.read_as(found.key, found.etag) == b"".join(bodies)
    assert s3_store.delete_as(found.key, found.etag)


def test_a_song_in_a_folder_without_a_name_can_be_taken(s3_store: S3Store):
    # `aws s3 cp song.mp3 s3://bucket/drops/$ALBUM/` where ALBUM is empty
    s3_store.client.put_object(**name_of(s3_store, "drops//song.mp3"), Body=b"x")
    (found,) = s3_store.listing("drops/")

    assert found.key == "drops//song.mp3"
    assert s3_store.read_as(found.key, found.etag) == b"x"
    assert s3_store.delete_as(found.key, found.etag)


def test_tags_are_added_to_those_that_are_there(s3_store: S3Store):
    s3_store.write("drops/song.mp3", b"x")
    s3_store.tag("drops/song.mp3", {"owner": "ann", "state": "new"})
    s3_store.tag("drops/song.mp3", {"state": "done"})

    tags = s3_store.client.get_object_tagging(**name_of(s3_store, "drops/song.mp3"))
    assert {each["Key"]: each["Value"] for each in tags["TagSet"]} == {
        "owner": "ann",
        "state": "done",
    }
    with pytest.raises(KeyError, match="other"):
        s3_store.tag("drops/other.mp3", {"state": "done"})


@pytest.mark.parametrize("expires_s", [0, 604_801])
def test_a_link_that_s3_would_not_sign_is_refused(s3_store: S3Store, expires_s: int):
    with pytest.raises(ConfigError, match="604800 s, a week"):
        s3_store.link("boards/a/board.html", expires_s)


def test_a_server_without_conditional_deletions_is_served_too(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
):
    s3_store.write("drops/a", b"x")
    (found,) = s3_store.listing("drops/")
    real, failure = s3_store.client.delete_object, s3_store.client.exceptions
    answer = {"Error": {"Code": "NotImplemented", "Message": "no If-Match here"}}

    def refuse_conditions(**asked: str) -> object:
        if "IfMatch" in asked:
            raise failure.ClientError(answer, "DeleteObject")
        return real(**asked)

    monkeypatch.setattr(s3_store.client, "delete_object", refuse_conditions)

    assert not s3_store.delete_as(found.key, "another")
    assert s3_store.delete_as(found.key, found.etag)
    assert not s3_store.exists("drops/a")


def test_pages_are_asked_for_only_as_they_are_consumed(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
):
    for number in range(6):
        s3_store.write(f"drops/{number}", b"x")
    asked = []
    real = s3_store.client.list_objects_v2
    monkeypatch.setattr(
        s3_store.client,
        "list_objects_v2",
        lambda **options: asked.append(options) or real(**{**options, "MaxKeys": 2}),
    )
    listing = s3_store.listing("drops/", after="drops/1")

    assert asked == []
    assert [next(listing).key, next(listing).key] == ["drops/2", "drops/3"]
    assert len(asked) == 1
