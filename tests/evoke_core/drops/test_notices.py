"""Notifications as S3 writes them, and everything else that may lie in a queue."""

import json
from collections.abc import Iterator

import pytest

from evoke_core.drops.notices import Notice, NoticeQueue, read_notice

URI = "s3://music/some/prefix"


def event(
    key: str = "some/prefix/drops/a.mp3", *, bucket="music", name="ObjectCreated:Put"
) -> dict[str, object]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": "2026-01-01T00:00:00.000Z",
        "eventName": name,
        "s3": {
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": key, "size": 7, "eTag": "d41d8cd9-2", "sequencer": "00"},
        },
    }


def body(*events: dict[str, object]) -> str:
    return json.dumps({"Records": list(events)})


def test_a_new_song_is_announced_with_its_version():
    [song] = read_notice(body(event()), "r", URI).songs

    assert (song.key, song.etag, song.size_bytes) == ("drops/a.mp3", "d41d8cd9-2", 7)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a+b.mp3", "a b.mp3"),
        ("a%2Bb.mp3", "a+b.mp3"),
        ("caf%C3%A9/%F0%9F%98%80.mp3", "café/😀.mp3"),
        ("50%2520.mp3", "50%20.mp3"),
    ],
)
def test_keys_are_decoded_as_s3_encodes_them(written: str, meant: str):
    [song] = read_notice(body(event(f"some/prefix/drops/{written}")), "r", URI).songs

    assert song.key == f"drops/{meant}"


def test_what_sns_passed_on_is_unpacked():
    wrapped = json.dumps({"Type": "Notification", "Message": body(event())})

    assert (
        read_notice(wrapped, "r", URI).songs
        == read_notice(body(event()), "r", URI).songs
    )


@pytest.mark.parametrize(
    "quiet",
    [
        json.dumps(
            {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "music"}
        ),
        body(event(name="ObjectRemoved:Delete")),
        body(event("some/prefix/boards/a/board.json")),
        body(event("another/prefix/drops/a.mp3")),
        body(event("some/prefix/drops/a.txt"), event("some/prefix/drops/folder/")),
        body(),
    ],
)
def test_events_about_something_else_are_done_with(quiet: str):
    assert read_notice(quiet, "r", URI) == Notice("r")


@pytest.mark.parametrize(
    "foreign",
    ["", "hello", "3", "[]", "null", "{}", '{"Records": 3}', '{"Records": [{}]}',
     '{"Type": "Notification", "Message": 3}', '{"Records": [{"s3": null}]}',
     body(event(), event(bucket="other"))],
)  # fmt: skip
def test_what_is_not_ours_is_left_with_its_reason(foreign: str):
    notice = read_notice(foreign, "r", URI)

    assert notice.songs == ()
    assert notice.reason


def test_a_store_without_a_prefix_has_notices_too():
    [song] = read_notice(body(event("drops/a.mp3")), "r", "s3://music").songs

    assert song.key == "drops/a.mp3"


@pytest.fixture
def queue(aws: str) -> Iterator[NoticeQueue]:
    opened = NoticeQueue("", URI)
    url = opened.client.create_queue(QueueName="notices")["QueueUrl"]
    yield NoticeQueue(url, URI, opened.client)
    opened.client.close()


def test_messages_are_taken_in_bounds_and_deleted_ones_do_not_return(
    queue: NoticeQueue,
):
    for number in range(25):
        queue.client.send_message(
            QueueUrl=queue.url,
            MessageBody=body(event(f"some/prefix/drops/{number}.mp3")),
        )
    first = queue.receive(12)
    second = queue.receive(100)

    assert len(first) == 12
    found = {song.key for notice in first + second for song in notice.songs}
    assert found == {f"drops/{number}.mp3" for number in range(25)}
    queue.delete(first + second)
    assert queue.receive(100) == []
    counted = queue.client.get_queue_attributes(
        QueueUrl=queue.url,
        AttributeNames=["ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    assert counted == {"ApproximateNumberOfMessagesNotVisible": "0"}


def test_a_tick_that_is_late_takes_nothing(queue: NoticeQueue):
    queue.client.send_message(QueueUrl=queue.url, MessageBody=body(event()))

    assert queue.receive(10, is_late=lambda: True) == []
    queue.delete([])
