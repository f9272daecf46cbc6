"""S3 event notifications from an SQS queue: new songs without listing a large bucket.

A notice is a hint, never the truth: it may come twice, late, out of order or not at
all. So it is checked against the ledger as a listing is, its message is deleted only
after the drop has its ticket, and a slow walk over the listing goes on beside it.

Read are notifications straight from S3 and those that SNS passed on.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from evoke_core.drops.drop import PREFIX, is_song
from evoke_core.storage.store import StoredObject

_ETAG = re.compile(r"[\x21\x23-\x7e]{1,128}")  # RFC 9110, without other scripts
_LONGEST_KEY = 1024  # bytes that S3 takes
_AT_ONCE = 10  # messages that SQS hands out in one answer, at most
_SHOWN = 100  # characters of a name that is none of ours
_HELD_S = 120  # that a message is kept from others; a tick takes 40 s


@dataclass(frozen=True, slots=True)
class Notice:
    """One message.

    Args:
        receipt: Deletes it.
        songs: Objects below PREFIX that it announces; none in a test event, or in one
            about something else in the bucket.
        reason: Why it can't be read, None if it could be.
    """

    receipt: str
    songs: tuple[StoredObject, ...] = ()
    reason: str | None = None


def _client() -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
    import boto3
    from botocore.config import Config

    return boto3.client(
        "sqs",
        config=Config(
            connect_timeout=5,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 3},
        ),
    )


@dataclass(frozen=True, slots=True)
class NoticeQueue:
    """The queue that a bucket's notifications go to.

    Args:
        url: Of the queue.
        store_uri: s3:// address of the store; notices of other places are left.
    """

    url: str
    store_uri: str
    client: Any = field(default_factory=_client, repr=False, compare=False)

    def receive(
        self, limit: int, *, is_late: Callable[[], bool] = lambda: False
    ) -> list[Notice]:
        """Take messages, until none comes or there are so many."""
        notices: list[Notice] = []
        while len(notices) < limit and not is_late():
            answer = self.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=min(_AT_ONCE, limit - len(notices)),
                VisibilityTimeout=_HELD_S,
                WaitTimeSeconds=0 if notices else 1,
            )
            messages = answer.get("Messages", ())
            if not messages:
                break
            notices += [
                read_notice(each["Body"], each["ReceiptHandle"], self.store_uri)
                for each in messages
            ]
        return notices

    def delete(self, notices: Sequence[Notice]) -> None:
        """Delete messages; one that can't be comes again, which does no harm."""
        for start in range(0, len(notices), _AT_ONCE):
            self.client.delete_message_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(row), "ReceiptHandle": notice.receipt}
                    for row, notice in enumerate(notices[start : start + _AT_ONCE])
                ],
            )


def read_notice(body: str, receipt: str, store_uri: str) -> Notice:
    """Read one message.

    Args:
        body: As SQS hands it out.
        receipt: Its handle.
        store_uri: s3:// address of the store whose drops count.

    Returns:
        The songs it announces, or the reason why it can't be read.
    """
    try:
        told = json.loads(body)
        if told.get("Type") == "Notification":  # SNS's envelope
            told = json.loads(told["Message"])
        if told.get("Event") == "s3:TestEvent":
            return Notice(receipt)
        songs = [_song(event, store_uri) for event in told["Records"]]
    except (
        AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError
    ) as wrong:  # fmt: skip
        return Notice(receipt, reason=f"no S3 notification ({type(wrong).__name__})")
    except _Foreign as wrong:
        return Notice(receipt, reason=f"of another bucket, {str(wrong)[:_SHOWN]}")
    return Notice(receipt, tuple(song for song in songs if song is not None))


class _Foreign(Exception):
    pass


def _song(event: Any, store_uri: str) -> StoredObject | None:  # noqa: ANN401 (JSON)
    """Return the song that an event announces; None where it is about something else.

    Raises:
        _Foreign: It comes from a bucket that is none of ours.
    """
    bucket = event["s3"]["bucket"]["name"]
    told = event["s3"]["object"]
    if bucket != store_uri.removeprefix("s3://").partition("/")[0]:
        raise _Foreign(bucket)
    address = f"s3://{bucket}/{unquote_plus(told['key'])}"
    created = str(event["eventName"]).startswith("ObjectCreated:")
    key = address.removeprefix(f"{store_uri}/")
    if key == address or not (created and key.startswith(PREFIX) and is_song(key)):
        return None
    etag = str(told["eTag"]).strip('"')
    # What S3 never writes would break each request for it, and so every tick.
    if not _ETAG.fullmatch(etag) or len(key.encode()) > _LONGEST_KEY:
        raise ValueError(key)
    # An object of a bucket is whole when it is announced: it need not settle.
    return StoredObject(key, max(0, int(told.get("size", 0))), etag, modified_s=0.0)
