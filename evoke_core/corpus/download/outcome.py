"""What goes into a download and what comes out of it: one outcome for each wanted."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture to get.

    Attributes:
        image_id: Names it in the store.
        addresses: http, https or s3 ones, the best first.
        md5: Of the file at the last address, the original's, base64; or None.
    """

    image_id: str
    addresses: tuple[str, ...]
    md5: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went with a picture.

    Attributes:
        reason: A word of `reasons`; None where it is stored.
        detail: For people: what, which, got and the remedy, of every address tried.
        address: The one that gave it, or the last one tried; None where none was.
        key: In the store; None where it failed.
        size_bytes: Of the stored picture; None where it failed.
    """

    image_id: str
    status: Literal["stored", "failed"]
    reason: str | None = None
    detail: str | None = None
    address: str | None = None
    key: str | None = None
    size_bytes: int | None = None
