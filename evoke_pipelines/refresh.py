"""Compute an asset only if its code, settings or inputs changed, and show what it is.

Each asset is materialised at every run, so that the UI says when it was last looked at;
where nothing changed that costs one small read and shows what stands in the store. A
partitioned table is kept in parts, each with a stamp of its own.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import polars as pl

from evoke_core.schemas import TABLES
from evoke_core.storage.journal import Journal
from evoke_core.storage.stamps import Stamp, drop_stamp, read_stamp, write_stamp
from evoke_core.storage.store import Store, digest
from evoke_core.storage.tables import WHOLE, stored_parts, table_key, write_table
from evoke_pipelines.dictionary import check_dictionary
from evoke_pipelines.policies import retrying
from evoke_pipelines.recipe import asset_recipe, part_recipe, schema_digest
from evoke_pipelines.shown import as_metadata, counts, place, sample

_ROWS, _PART_ROWS = "dagster/row_count", "dagster/partition_row_count"
_TRIES = 3  # of a result whose inputs are made again under it


@dataclass(frozen=True, slots=True)
class Made:
    """What an asset made.

    Args:
        digest: Of its content.
        shown: Plain values; text that starts with "md:" is shown as Markdown.
        blobs: Digest of the bytes of each blob that holds it, by key, the one to look
            at first. The asset is made again if one is lost or damaged, and what
            another run has put in its place is not taken for it.
    """

    digest: str
    shown: Mapping[str, Any] = field(default_factory=dict)
    blobs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableRecipe:
    """How a table, or one part of it, is made.

    Args:
        make: Does the work.
        settings: Whatever configuration the result depends on.
        show: Chooses what the UI shows of it.
        again: Make it whatever the stamp says: something that it left is damaged, or
            what failed is to be tried once more.
    """

    make: Callable[[], pl.DataFrame]
    settings: object
    show: Callable[[pl.DataFrame], Mapping[str, Any]] | None = None
    again: bool = False


def refresh(
    context: dg.AssetExecutionContext,
    store: Store,
    make: Callable[[], Made],
    *,
    settings: object,
    again: bool = False,
) -> dg.MaterializeResult[None]:
    """Make an asset if its recipe changed.

    Args:
        context: Names the asset, its code version and its inputs.
        store: Holds the stamps.
        make: Does the work and stores the result.
        settings: Whatever configuration the result depends on.
        again: Make it whatever the stamp says.
    """
    name = context.asset_key.path[-1]

    def recipe() -> str:
        return asset_recipe(context, store, settings)

    with retrying(context):
        stamp, recomputed = _renewed(context, store, name, (recipe, again, make))
        return dg.MaterializeResult(
            metadata=_metadata(store, stamp, recomputed=recomputed),
            data_version=dg.DataVersion(stamp.digest),
            check_results=_checked(store, name),
        )


def refresh_table(
    context: dg.AssetExecutionContext,
    store: Store,
    make: Callable[[], pl.DataFrame],
    *,
    settings: object,
    show: Callable[[pl.DataFrame], Mapping[str, Any]] | None = None,
    beside: Sequence[str] = (),
    again: bool = False,
) -> dg.MaterializeResult[None]:
    """Make a table of the data dictionary if its recipe changed; see `refresh`.

    `beside` names tables that `make` writes, too, for assets of their own to show. If
    one of them is lost, damaged or of an older schema, all are made again; with `again`
    they are in any case.
    """
    name = context.asset_key.path[-1]
    table = TableRecipe(make, settings, show)
    return refresh(
        context,
        store,
        lambda: _make_part(store, name, WHOLE, table),
        settings=[settings, *map(schema_digest, beside)] if beside else settings,
        again=again or not all(_is_whole(store, each) for each in beside),
    )


def refresh_parts(
    context: dg.AssetExecutionContext,
    store: Store,
    recipe_of: Callable[[str], TableRecipe],
) -> dg.MaterializeResult[None]:
    """Make those parts of a partitioned table whose recipe changed.

    What is no partition any more, since shards were cut anew, leaves the table.

    Args:
        context: Names the asset and the partitions of this run.
        store: Holds the stamps, one for each part and one for all of them together.
        recipe_of: Says how a part is made; its settings say what of the asset's inputs
            the part depends on.
    """
    name = context.asset_key.path[-1]
    with retrying(context):
        done = {
            part: _renewed_part(context, store, part, recipe_of(part))
            for part in context.partition_keys
        }
        # Another run may be making a part again that this one has just made.
        stamps = {
            part: done[part][0] if part in done else read_stamp(store, f"{name}/{part}")
            for part in _parts(context)
        }
        for part in set(stored_parts(store, name)) - set(stamps):
            _forget_part(store, name, part)
        made = {part: stamp.digest for part, stamp in stamps.items() if stamp}
        whole = digest(made)
        write_stamp(store, name, Stamp(recipe="its parts", digest=whole, shown={}))
        rows = sum(stamp.shown[_PART_ROWS] for stamp in stamps.values() if stamp)
        for part, (stamp, recomputed) in done.items():
            shown = _metadata(store, stamp, recomputed=recomputed) | {_ROWS: rows}
            context.add_asset_metadata(shown, partition_key=part)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(whole), check_results=_checked(store, name)
        )


def _renewed_part(
    context: dg.AssetExecutionContext, store: Store, part: str, table: TableRecipe
) -> tuple[Stamp, bool]:
    name = context.asset_key.path[-1]
    recipe = part_recipe(context, table.settings)

    def make() -> Made:
        return _make_part(store, name, part, table)

    return _renewed(
        context, store, f"{name}/{part}", (lambda: recipe, table.again, make)
    )


def _make_part(store: Store, name: str, part: str, table: TableRecipe) -> Made:
    frame = table.make()
    content = write_table(store, name, frame, part)
    Journal(store, name, part).clear()
    shown = {
        _ROWS if part == WHOLE else _PART_ROWS: frame.height,
        **(table.show(frame) if table.show else {}),
        **(counts(frame, "licence") if "licence" in frame.columns else {}),
        "sample": sample(frame),
    }
    return Made(content, shown, {table_key(name, part): content})


def _forget_part(store: Store, name: str, part: str) -> None:
    drop_stamp(store, f"{name}/{part}")
    Journal(store, name, part).clear()
    store.delete(table_key(name, part))


def _renewed(
    context: dg.AssetExecutionContext,
    store: Store,
    name: str,
    how: tuple[Callable[[], str], bool, Callable[[], Made]],
) -> tuple[Stamp, bool]:
    """Return the stamp that holds now, and whether work was done for it.

    Raises:
        dg.Failure: Other runs keep making its inputs again.
    """
    recipe_now, again, make = how
    for _ in range(_TRIES):
        recipe = recipe_now()
        known = read_stamp(store, name)
        if known and known.recipe == recipe and not again and known.holds(store):
            context.log.info("%s: unchanged, nothing computed", name)
            return known, False
        drop_stamp(store, name)
        stamp = _make(store, recipe, make)
        # What was read while another run replaced it may be of neither.
        if stamp and recipe_now() == recipe:
            write_stamp(store, name, stamp)
            return stamp, True
        context.log.warning("%s: another run made it or its inputs; once more", name)
    raise dg.Failure(
        f"{name}: other runs made it or its inputs again while it was made, {_TRIES} "
        "times; run it once more when they have ended",
        allow_retries=False,
    )


def _make(store: Store, recipe: str, make: Callable[[], Made]) -> Stamp | None:
    """Make it and say what it is; None where another run has put its own there."""
    started = time.monotonic()
    made = make()
    shown = {**made.shown, "seconds": round(time.monotonic() - started, 2)}
    etags = {key: store.etag(key) for key in made.blobs}
    try:
        blobs = {key: store.read(key) for key in made.blobs}
    except KeyError:
        return None
    if {key: digest(blob) for key, blob in blobs.items()} != made.blobs:
        return None
    if blobs:
        shown["bytes"] = sum(map(len, blobs.values()))
    stamp = Stamp(recipe, made.digest, shown, etags)
    return stamp if stamp.holds(store) else None  # the blobs are those of the etags


def _checked(store: Store, name: str) -> list[dg.AssetCheckResult]:
    return [check_dictionary(store, name)] if name in TABLES else []


def _parts(context: dg.AssetExecutionContext) -> list[str]:
    partitions = context.assets_def.partitions_def
    return list(partitions.get_partition_keys()) if partitions else []


def _is_whole(store: Store, name: str) -> bool:
    stamp = read_stamp(store, name)
    return stamp.holds(store) if stamp else store.exists(table_key(name))


def _metadata(store: Store, stamp: Stamp, *, recomputed: bool) -> dict[str, Any]:
    shown = {name: as_metadata(value) for name, value in stamp.shown.items()}
    first = next(iter(stamp.etags), None)
    where = place(store, first) if first is not None else {}
    return {**shown, **where, "recipe": stamp.recipe, "recomputed": recomputed}
