"""A store in an S3 bucket by boto3; a single put is already atomic.

Credentials, region and endpoint are the standard AWS environment variables.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evoke_core.storage.store import StoredObject, checked_key, checked_prefix

_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".flac": "audio/flac",
}


def _client() -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
    import boto3

    return boto3.client("s3")


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
            answer = self.client.get_object(Bucket=self.bucket, Key=self._name(key))
        except self.client.exceptions.NoSuchKey as absent:
            raise KeyError(key) from absent
        data: bytes = answer["Body"].read()
        return data

    def write(self, key: str, data: bytes) -> None:
        """Put a blob in one request."""
        suffix = f".{key.rpartition('.')[2]}"
        self.client.put_object(
            Bucket=self.bucket,
            Key=self._name(key),
            Body=data,
            ContentType=_CONTENT_TYPES.get(suffix, "application/octet-stream"),
        )

    def exists(self, key: str) -> bool:
        """Say whether a blob is there."""
        return self.etag(key) is not None

    def etag(self, key: str) -> str | None:
        """Return what a listing would say changes with a blob; None where none is."""
        name = self._name(key)
        # Keys come in order, so what is called exactly this comes first.
        page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=name, MaxKeys=1)
        for found in page.get("Contents", ()):
            if found["Key"] == name:
                return _etag(found)
        return None

    def delete(self, key: str) -> None:
        """Remove a blob; nothing happens where there is none."""
        self.client.delete_object(Bucket=self.bucket, Key=self._name(key))

    def listing(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the blobs below a prefix in the order of their keys."""
        root = f"{self.prefix}/" if self.prefix else ""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=root + checked_prefix(prefix)
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

    def _name(self, key: str) -> str:
        return f"{self.prefix}/{checked_key(key)}".lstrip("/")


def _etag(found: Any) -> str:  # noqa: ANN401 (a part of S3's answer)
    return str(found["ETag"]).strip('"')
