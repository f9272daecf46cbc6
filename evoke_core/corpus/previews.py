"""The 160 px JPEG of each picture that boards may show, cut with the corpus.

A page carries up to 500 of them: cut for the first board that meets them, they cost
more than everything else of it. They lie in the store by content hash beside the
thumbnails that they are cut from. Tiles, which few pictures ever are, belong to
`evoke_core.boards`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from evoke_core.corpus.decode import encode_jpeg
from evoke_core.corpus.originals import changed, remember
from evoke_core.corpus.thumbnails import read_thumbnail
from evoke_core.errors import PictureRefused
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_core.workers import map_over_cores, with_progress

PREVIEW_PX = 160
_QUALITY = 70
_FOLDER = "previews"


@dataclass(frozen=True, slots=True)
class Previews:
    """What became of the previews that were wanted.

    Args:
        cut: How many were cut now.
        size_bytes: Of each that is there now, by SHA-256.
        reasons: Why there is none, by SHA-256.
    """

    cut: int
    size_bytes: Mapping[str, int]
    reasons: Mapping[str, str]


def preview_key(sha256: str) -> str:
    """Return where the preview of a picture with these bytes lies in the store."""
    return f"{_FOLDER}/{sha256[:2]}/{sha256}.jpg"


def make_preview(store: Store, sha256: str) -> bytes:
    """Cut a picture's preview from its thumbnail; the same bytes each time.

    Raises:
        KeyError: There is no thumbnail.
        PictureRefused: It is damaged.
    """
    rgb = read_thumbnail(store, sha256, longest_px=PREVIEW_PX)
    return encode_jpeg(rgb, longest_px=PREVIEW_PX, quality=_QUALITY)


def damaged_previews(store: Store) -> list[str]:
    """Name the keys of previews that are gone or changed since they were cut."""
    return changed(store, _FOLDER)


def cut_previews(
    hashes: Iterable[str],
    store: Store,
    *,
    damaged: Iterable[str] = (),
    report: Callable[[int, int], None],
) -> Previews:
    """Cut the previews that are not there yet; an interrupted run is gone on with.

    Args:
        hashes: SHA-256 of every picture that wants one.
        store: Holds the thumbnails and takes the previews.
        damaged: Keys that are cut again, or removed where nobody wants them.
        report: Is told (done, total).
    """
    wanted = {preview_key(sha256): sha256 for sha256 in hashes}
    for key in set(damaged) - wanted.keys():
        store.delete(key)
    there = {found.key for found in store.listing(f"{_FOLDER}/")} - set(damaged)
    new = {key: sha256 for key, sha256 in wanted.items() if key not in there}
    work = partial(_cut_one, uri=store.uri)
    done = map_over_cores(work, list(new.values()))
    told = list(with_progress(done, total=len(new), report=report))
    reasons = {
        sha256: why for sha256, why in zip(new.values(), told, strict=True) if why
    }
    remember(store, _FOLDER, made=new)
    sizes = {found.key: found.size_bytes for found in store.listing(f"{_FOLDER}/")}
    return Previews(
        cut=len(new) - len(reasons),
        size_bytes={s: sizes[key] for key, s in wanted.items() if s not in reasons},
        reasons=reasons,
    )


def _cut_one(sha256: str, *, uri: str) -> str | None:
    """Cut one; returns why there is none."""
    store = open_store(uri)
    try:
        store.write(preview_key(sha256), make_preview(store, sha256))
    except KeyError:
        return "no_thumbnail"
    except PictureRefused as refusal:
        return refusal.reason
    return None
