"""What a stored result was made from, so that nothing unchanged is computed again.

A stamp is removed before its result is replaced and written after it, so an
interrupted run leaves no stamp, and the next one does the work.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from evoke_core.storage.store import Store


@dataclass(frozen=True, slots=True)
class Stamp:
    """Provenance of one stored result.

    Args:
        recipe: Digest of code version, settings and the digests of all inputs.
        digest: Digest of the result itself; equal for equal content.
        shown: What the Dagster UI shows of it, as plain JSON.
        etags: Of the blobs that hold it, so that a damaged or lost one is noticed.
    """

    recipe: str
    digest: str
    shown: Mapping[str, Any]
    etags: Mapping[str, str | None] = field(default_factory=dict)

    def holds(self, store: Store) -> bool:
        """Say whether the blobs are still those that were written."""
        return all(store.etag(key) == etag for key, etag in self.etags.items())


def read_stamp(store: Store, name: str) -> Stamp | None:
    """Read a result's stamp.

    None where the result has not been made, or not to its end; and where the stamp is
    damaged or of another version, so that the result is made again.
    """
    try:
        return Stamp(**json.loads(store.read(_key(name))))
    except (KeyError, ValueError, TypeError, RecursionError):
        return None


def write_stamp(store: Store, name: str, stamp: Stamp) -> None:
    """Say that a result is whole, and what it was made from."""
    store.write(_key(name), json.dumps(asdict(stamp), sort_keys=True).encode())


def drop_stamp(store: Store, name: str) -> None:
    """Say that a result is about to change."""
    store.delete(_key(name))


def _key(name: str) -> str:
    return f"stamps/{name}.json"
