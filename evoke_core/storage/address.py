"""From the address of a store to the store: a local folder or an S3 bucket."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from evoke_core.errors import ConfigError
from evoke_core.storage.local import LocalStore
from evoke_core.storage.store import Store


def open_store(uri: str) -> Store:
    """Open a store by its address.

    Args:
        uri: `file:///folder`, a plain path, or `s3://bucket/prefix`.

    Raises:
        ConfigError: The address is none of these.
    """
    if "://" not in uri:
        return LocalStore(Path(uri))
    parts = urlsplit(uri)
    if parts.scheme == "s3" and parts.netloc:
        from evoke_core.storage.s3 import S3Store

        return S3Store(bucket=parts.netloc, prefix=parts.path.strip("/"))
    # file://a/folder would name the folder of a machine called a.
    if parts.scheme == "file" and not parts.netloc:
        return LocalStore(Path(unquote(parts.path)))
    shown = uri.rpartition("@")[2]  # what stands before it may be a password
    raise ConfigError(
        f"EVOKE_STORE: got {shown!r}; use file:///a/folder or s3://bucket/prefix"
    )
