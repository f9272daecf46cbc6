"""What curation kept and left out, as sheets to look at and tables to read.

Pure functions over the stored tables; the wiring says where thumbnails are read and
where the report is shown. Decisions are made in `curation` and `balance`.
"""

import colorsys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from evoke_core.corpus.balance import mood_bins
from evoke_core.corpus.contact_sheet import COLUMNS, contact_sheet, labelled_sheet
from evoke_core.corpus.curation import KEPT, STATUSES
from evoke_core.storage.tables import as_matrix

KEPT_SHOWN = 60
UNKNOWN = "(unknown)"

# Upper ends of hue families on the HSV circle, in degrees; what is left is red again.
_HUES = (
    (15, "red"), (45, "orange"), (70, "yellow"), (165, "green"), (195, "cyan"),
    (255, "blue"), (290, "violet"), (345, "magenta"), (361, "red"),
)  # fmt: skip
_GREY_CHROMA = 24  # max - min of the channels, 0 to 255, below which a colour is grey


@dataclass(frozen=True, slots=True)
class CurationReport:
    """One look at a curated corpus.

    Attributes:
        kept_sheet: WebP of pictures spread over what was kept.
        left_out_sheet: WebP with a labelled row for each reason.
        coverage: By source, stratum, aesthetic, hue, mood and licence: the name,
            rows listed, and of these kept, duplicate, rejected, failed.
    """

    kept_sheet: bytes
    left_out_sheet: bytes
    coverage: Mapping[str, pl.DataFrame]


def report_curation(
    curated: pl.DataFrame,
    manifest: pl.DataFrame,
    facts: pl.DataFrame,
    looks: pl.DataFrame,
    *,
    read: Callable[[str], bytes],
) -> CurationReport:
    """Make the report of a curated corpus.

    Args:
        curated: The table `curated_images`.
        manifest: The table `source_manifests`.
        facts: The table `image_facts`.
        looks: Columns image_id and attributes; pictures without count as unknown.
        read: Returns the bytes of a thumbnail by its store key.
    """
    thumbnails = facts.select("image_id", "thumbnail").drop_nulls("thumbnail")
    seen = curated.join(thumbnails, on="image_id", how="inner", maintain_order="left")
    kept = seen.filter(KEPT)["thumbnail"]
    groups = left_out_examples(seen)
    return CurationReport(
        kept_sheet=contact_sheet([read(key) for key in _spread(kept, KEPT_SHOWN)]),
        left_out_sheet=labelled_sheet(
            {label: [read(key) for key in keys] for label, keys in groups.items()}
        ),
        coverage=coverage_tables(curated, manifest, facts, looks),
    )


def left_out_examples(seen: pl.DataFrame) -> dict[str, list[str]]:
    """Choose up to ten thumbnails for each reason, the commonest reason first.

    Args:
        seen: Columns status, reason, thumbnail.

    Returns:
        Thumbnail keys by a label such as "text (rejected, 12)".
    """
    gone = seen.filter(~KEPT)
    counts = (
        gone.group_by("status", "reason")
        .len()
        .sort("len", "reason", descending=[True, False])
    )
    return {
        f"{reason} ({status}, {count})": _spread(
            gone.filter(status=status, reason=reason)["thumbnail"], COLUMNS
        )
        for status, reason, count in counts.iter_rows()
    }


def coverage_tables(
    curated: pl.DataFrame,
    manifest: pl.DataFrame,
    facts: pl.DataFrame,
    looks: pl.DataFrame,
) -> dict[str, pl.DataFrame]:
    """Count what became of the pictures of each source, style, colour and mood.

    Returns:
        A table for each of source, stratum, aesthetic, hue, mood, licence, the fullest
        first, with columns name, listed, kept, duplicate, rejected, failed.
    """
    measured = facts.filter(pl.col("status") == "measured")
    joined = curated
    for more in (
        manifest.select("image_id", "stratum", "licence"),
        measured.select("image_id", _hue_names(measured["palette"])),
        looks.select("image_id", _mood_names(looks["attributes"])),
    ):
        joined = joined.join(more, on="image_id", how="left", maintain_order="left")
    strata = ("source", "stratum", "aesthetic", "hue", "mood", "licence")
    return {stratum: _coverage(joined, stratum) for stratum in strata}


def hue_family(palette: list[str]) -> str:
    """Name the hue of the most prominent colour that has one, else its grey.

    Args:
        palette: "#rrggbb", the most prominent first.

    Returns:
        red, orange, yellow, green, cyan, blue, violet, magenta, dark, grey or light;
        UNKNOWN for an empty palette.
    """
    channels = [[int(name[at : at + 2], 16) for at in (1, 3, 5)] for name in palette]
    if not channels:
        return UNKNOWN
    for red, green, blue in channels:
        if max(red, green, blue) - min(red, green, blue) >= _GREY_CHROMA:
            hue, _, _ = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
            return next(name for end, name in _HUES if 360 * hue < end)
    level = sum(channels[0]) / 3
    return "dark" if level < 64 else "light" if level > 192 else "grey"


def _hue_names(palettes: pl.Series) -> pl.Series:
    return pl.Series("hue", [hue_family(p) for p in palettes.to_list()], pl.String)


def _mood_names(attributes: pl.Series) -> pl.Series:
    named = mood_bins(as_matrix(attributes)) if len(attributes) else []
    return pl.Series("mood", named, pl.String)


def _coverage(joined: pl.DataFrame, stratum: str) -> pl.DataFrame:
    counts = [(pl.col("status") == status).sum().alias(status) for status in STATUSES]
    return (
        joined.with_columns(pl.col(stratum).fill_null(UNKNOWN).alias("name"))
        .group_by("name")
        .agg(pl.len().alias("listed"), *counts)
        .sort(["listed", "name"], descending=[True, False])
    )


def _spread(keys: pl.Series, most: int) -> list[str]:
    """Take up to so many, spread evenly over all."""
    step = max(1, len(keys) / most)
    return [str(keys[int(place * step)]) for place in range(min(most, len(keys)))]
