"""Look at every fetched picture once: its facts, and the thumbnail all else reads."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import polars as pl

from evoke_core.corpus.decode import (
    THUMBNAIL_PX,
    decode_picture,
    encode_jpeg,
    require_size,
)
from evoke_core.corpus.facts import measure_facts
from evoke_core.corpus.fetch import read_picture
from evoke_core.corpus.originals import damaged, remember
from evoke_core.errors import PictureRefused
from evoke_core.schemas import TABLES
from evoke_core.storage.address import open_store
from evoke_core.storage.journal import Journal, as_frames
from evoke_core.storage.store import Store
from evoke_core.workers import map_guarded, with_progress

MEASURED_BY = "5"  # raise it when what is measured or a thumbnail becomes another
_THUMBNAILS = "thumbnails"
_UNKEPT = ("location", "size_bytes")  # told of a file, and not of its facts
_TIMEOUT_S = 60.0  # the largest picture allowed takes about five


def thumbnail_key(sha256: str) -> str:
    """Return where the thumbnail of a picture with these bytes lies in the store."""
    return f"{_THUMBNAILS}/{sha256[:2]}/{sha256}.jpg"


def survey_pictures(
    files: pl.DataFrame,
    known: pl.DataFrame,
    journal: Journal,
    *,
    report: Callable[[int, int], None],
) -> pl.DataFrame:
    """Measure every stored picture that this code has not measured in this version.

    Args:
        files: The table `image_files`.
        known: Rows of an earlier `image_facts` whose thumbnails are undamaged.
        journal: What an interrupted run measured, and where this one notes it; its
            store takes the thumbnails.
        report: Is told (done, total).

    Returns:
        The table `image_facts`: one row per stored file.
    """
    stored = files.filter(pl.col("status") == "stored")
    identity = ["image_id", "version"]
    noted = journal.rows()
    valid = pl.concat([known, noted]).filter(measured_by=MEASURED_BY)
    before = valid.unique("image_id", keep="last")
    # What had vanished may be back under the same version.
    lasting = before.filter(pl.col("reason").ne_missing("vanished"))
    kept = lasting.join(stored.select(identity), on=identity, how="semi")
    new = stored.join(kept.select(identity), on=identity, how="anti")
    told = new.select(*identity, "source", "source_key", *_UNKEPT)
    items = told.with_columns(measured_by=pl.lit(MEASURED_BY)).to_dicts()
    work = partial(_survey_one, uri=journal.store.uri)
    results = map_guarded(work, items, timeout_s=_TIMEOUT_S, lost=_lost)
    rows = with_progress(results, total=len(items), report=report)
    measured = journal.keep(as_frames("image_facts", rows))
    made = pl.concat([noted, measured])["thumbnail"].drop_nulls()
    if len(made):
        remember(journal.store, _THUMBNAILS, part=journal.part, made=made)
    return pl.concat([kept, measured]).sort("source", "source_key")


def undamaged_facts(known: pl.DataFrame, store: Store) -> pl.DataFrame:
    """Leave the rows of `image_facts` whose thumbnails are what was put there."""
    lost = damaged(known["thumbnail"], store, _THUMBNAILS)
    return known.filter(~pl.col("thumbnail").is_in(lost).fill_null(value=False))


def _survey_one(row: dict[str, Any], *, uri: str) -> dict[str, Any]:
    store = open_store(uri)
    location, size_bytes = (row.pop(name) for name in _UNKEPT)
    try:
        require_size(size_bytes or 0)  # before the bytes are in memory
        data = read_picture(location, store)
        picture = decode_picture(data)
    except KeyError:
        return _failed(row, "vanished", "it was there when listed; refresh again")
    except PictureRefused as refusal:
        return _failed(row, refusal.reason, str(refusal))
    facts = measure_facts(data, picture)
    key = thumbnail_key(facts.sha256)
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
        "mirror_hashes": list(facts.mirror_hashes),
        "luma_grid": facts.luma_grid,
        "sharpness": facts.sharpness,
        "entropy_bits": facts.entropy_bits,
        "colourfulness": facts.colourfulness,
        "brightness": facts.brightness,
        "palette": list(facts.palette),
        "attributes": facts.attributes.tolist(),
        **asdict(facts.looks),
        "thumbnail": key,
        "note": picture.note,
    }


def _lost(row: dict[str, Any], why: str) -> dict[str, Any]:
    """Account for a picture that a worker process did not survive."""
    row = {name: value for name, value in row.items() if name not in _UNKEPT}
    return _failed(row, "hostile", f"decoding it {why}; leave it out or save it anew")


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
