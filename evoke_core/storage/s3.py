"""A store in an S3 bucket by boto3; a single put is already atomic.

Credentials, region and endpoint are the standard AWS environment variables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from evoke_core.errors import ConfigError
from evoke_core.storage.store import StoredObject, checked_key, checked_prefix

_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".flac": "audio/flac",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wav": "audio/wav",
    ".webp": "image/webp",
}
_ANY_BYTES = "application/octet-stream"
_LONGEST_LINK_S = 604_800  # a week, which S3 allows at most
# What another version, or none, answers to a condition.
_GONE = frozenset(("NoSuchKey", "PreconditionFailed", "404", "412"))
# Older S3-compatible servers know no condition on a deletion.
_UNCONDITIONAL = frozenset(("NotImplemented", "501"))


def _client() -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
    import boto3
    from botocore.config import Config

    # A sensor's tick has a minute: a server that hangs must fail well before.
    return boto3.client(
        "s3",
        config=Config(
            connect_timeout=5,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 4},
        ),
    )


@dataclass(frozen=True, slots=True)
class S3Store:
    """Blobs as objects below a prefix of one bucket."""

    bucket: str
    prefix: str = ""
    client: Any = field(default_factory=_client, repr=False, compare=False)

    @property
    def uri(self) -> str:
        """The s3:// address of the prefix."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def read(self, key: str) -> bytes:
        """Return a blob's bytes; KeyError where there is none."""
        try:
            answer = self.client.get_object(**self._object(key))
        except self.client.exceptions.NoSuchKey as absent:
            raise KeyError(key) from absent
        data: bytes = answer["Body"].read()
        return data

    def read_as(self, key: str, etag: str) -> bytes:
        """Return the bytes of one version; KeyError where it is gone or replaced."""
        try:
            answer = self.client.get_object(**self._found(key), IfMatch=f'"{etag}"')
        except self.client.exceptions.ClientError as wrong:
            if _code(wrong) in _GONE:
                raise KeyError(key) from wrong
            raise
        data: bytes = answer["Body"].read()
        return data

    def write(self, key: str, data: bytes, *, cache_control: str | None = None) -> None:
        """Put a blob in one request."""
        suffix = PurePosixPath(key).suffix.lower()
        headers = {"ContentType": _CONTENT_TYPES.get(suffix, _ANY_BYTES)}
        if cache_control is not None:
            headers["CacheControl"] = cache_control
        self.client.put_object(**self._object(key), Body=data, **headers)

    def exists(self, key: str) -> bool:
        """Say whether a blob is there."""
        return self.etag(key) is not None

    def etag(self, key: str) -> str | None:
        """Return what a listing would say changes with a blob; None where none is."""
        name = self._name(checked_key(key))
        # Keys come in order, so what is called exactly this comes first.
        page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=name, MaxKeys=1)
        for found in page.get("Contents", ()):
            if found["Key"] == name:
                return _etag(found)
        return None

    def delete(self, key: str) -> None:
        """Remove a blob; nothing happens where there is none."""
        self.client.delete_object(**self._object(key))

    def delete_as(self, key: str, etag: str) -> bool:
        """Remove a blob if it still is that version; say whether it was."""
        target, version = self._found(key), {"IfMatch": f'"{etag}"'}
        try:
            self.client.head_object(**target, **version)
            try:
                self.client.delete_object(**target, **version)
            except self.client.exceptions.ClientError as wrong:
                if _code(wrong) not in _UNCONDITIONAL:
                    raise
                self.client.delete_object(**target)
        except self.client.exceptions.ClientError as wrong:
            if _code(wrong) in _GONE:
                return False
            raise
        return True

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        """Add tags to a blob, beside those that it has; KeyError where it is gone."""
        target = self._found(key)
        try:
            present = self.client.get_object_tagging(**target)["TagSet"]
            merged = {each["Key"]: each["Value"] for each in present} | dict(tags)
            self.client.put_object_tagging(
                **target,
                Tagging={
                    "TagSet": [
                        {"Key": name, "Value": value} for name, value in merged.items()
                    ]
                },
            )
        except self.client.exceptions.ClientError as wrong:
            if _code(wrong) in _GONE:
                raise KeyError(key) from wrong
            raise

    def listing(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        """Yield the blobs below a prefix in the order of their keys, by the page."""
        root = self._name("")
        beyond = {"StartAfter": root + after} if after else {}
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=root + checked_prefix(prefix), **beyond
        )
        for page in pages:
            for found in page.get("Contents", ()):
                yield StoredObject(
                    key=found["Key"].removeprefix(root),
                    size_bytes=found["Size"],
                    etag=_etag(found),
                    modified_s=found["LastModified"].timestamp(),
                )

    def locate(self, key: str) -> str:
        """Return the s3:// address of a blob."""
        return f"{self.uri}/{checked_key(key)}"

    def link(self, key: str, expires_s: int) -> str:
        """Return a presigned address that a browser opens for so many seconds.

        Raises:
            ConfigError: It would hold for longer than a week, or not at all.
        """
        if not 1 <= expires_s <= _LONGEST_LINK_S:
            raise ConfigError(
                f"link to {key!r}: got {expires_s} s; S3 signs for 1 to "
                f"{_LONGEST_LINK_S} s, a week"
            )
        link: str = self.client.generate_presigned_url(
            "get_object", Params=self._found(key), ExpiresIn=expires_s
        )
        return link

    def _object(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self._name(checked_key(key))}

    def _found(self, key: str) -> dict[str, str]:
        """Name what a listing showed: an empty segment harms nobody in a bucket."""
        checked_key("/".join(part for part in key.split("/") if part))
        return {"Bucket": self.bucket, "Key": self._name(key)}

    def _name(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key


def _etag(found: Any) -> str:  # noqa: ANN401 (a part of S3's answer)
    return str(found["ETag"]).strip('"')


def _code(wrong: Any) -> str:  # noqa: ANN401 (botocore's ClientError)
    return str(wrong.response["Error"]["Code"])
