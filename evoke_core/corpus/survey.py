"""Look at every fetched picture once: its facts, and the thumbnail all else reads."""

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from evoke_core.corpus.decode import decode_picture, encode_jpeg
from evoke_core.corpus.facts import measure_facts
from evoke_core.corpus.fetch import read_picture
from evoke_core.errors import PictureRefused
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_core.workers import map_over_cores, with_progress

THUMBNAIL_PX = 512


def thumbnail_key(sha256: str) -> str:
    """Return where the thumbnail of a picture with these bytes lies in the store."""
    return f"thumbnails/{sha256[:2]}/{sha256}.jpg"


def survey_pictures(
    files: pl.DataFrame,
    known: pl.DataFrame,
    store: Store,
    *,
    report: Callable[[int, int], None],
) -> pl.DataFrame:
    """Measure every stored picture that has not been measured in this version.

    Args:
        files: The table `image_files`.
        known: An earlier table `image_facts`, or an empty one.
        store: Where thumbnails go.
        report: Is told (done, total).

    Returns:
        The table `image_facts`: one row per stored file.
    """
    stored = files.filter(pl.col("status") == "stored")
    identity = ["image_id", "version"]
    # What had vanished may be back under the same version.
    lasting = known.filter(pl.col("reason").ne_missing("vanished"))
    kept = lasting.join(stored.select(identity), on=identity, how="semi")
    new = stored.join(kept.select(identity), on=identity, how="anti")
    items = new.select(
        "image_id", "source", "source_key", "version", "location"
    ).to_dicts()
    results = map_over_cores(partial(_survey_one, uri=store.uri), items)
    rows = list(with_progress(results, total=len(items), report=report))
    schema = {name: c.dtype for name, c in TABLES["image_facts"].columns.items()}
    measured = pl.concat([kept.select(list(schema)), pl.DataFrame(rows, schema=schema)])
    return measured.sort("source", "source_key")


def _survey_one(row: dict[str, Any], *, uri: str) -> dict[str, Any]:
    store = open_store(uri)
    location = row.pop("location")
    try:
        data = read_picture(location, store)
        picture = decode_picture(data)
    except KeyError:
        return _failed(row, "vanished", "it was there when listed; refresh again")
    except PictureRefused as refusal:
        return _failed(row, refusal.reason, str(refusal))
    facts = measure_facts(data, picture)
    key = thumbnail_key(facts.sha256)
    if not store.exists(key):
        store.write(key, encode_jpeg(picture.rgb, longest_px=THUMBNAIL_PX))
    return {
        **row,
        "status": "measured",
        "reason": None,
        "detail": None,
        "sha256": facts.sha256,
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "phash": facts.phash,
        "sharpness": facts.sharpness,
        "entropy_bits": facts.entropy,
        "colourfulness": facts.colourfulness,
        "brightness": facts.brightness,
        "palette": list(facts.palette),
        "thumbnail": key,
        "note": picture.note,
    }


def _failed(row: dict[str, Any], reason: str, detail: str) -> dict[str, Any]:
    measured = dict.fromkeys(TABLES["image_facts"].names())
    return {
        **measured,
        **row,
        "status": "failed",
        "reason": reason,
        "detail": detail,
        "palette": [],
    }
