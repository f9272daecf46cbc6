"""The report shows what was kept, what was not by reason, and what there is of each."""

import io
from collections.abc import Callable

import polars as pl
import pytest
from PIL import Image

from evoke_core.corpus.report import (
    UNKNOWN,
    coverage_tables,
    hue_family,
    left_out_examples,
    report_curation,
)

CURATED = pl.DataFrame(
    {
        "image_id": ["a", "b", "c", "d"],
        "source": ["x", "x", "y", "y"],
        "status": ["kept", "rejected", "duplicate", "failed"],
        "reason": [None, "text", "near_duplicate", "truncated"],
        "aesthetic": ["nature", "nature", None, None],
    }
)
MANIFEST = pl.DataFrame(
    {
        "image_id": ["a", "b", "c", "d"],
        "stratum": ["Baroque", None, None, None],
        "licence": ["CC0", "CC0", "MIT", "MIT"],
    },
    schema_overrides={"stratum": pl.String},
)
FACTS = pl.DataFrame(
    {
        "image_id": ["a", "b", "c", "d"],
        "status": ["measured"] * 3 + ["failed"],
        "palette": [["#ff0000"], ["#0000ff"], ["#101010"], []],
        "thumbnail": ["1", "2", "3", None],
    }
)
LOOKS = pl.DataFrame(
    {"image_id": ["a"], "attributes": [[0.1, 0.9, 0.5, 0.5]]},
    schema_overrides={"attributes": pl.List(pl.Float32)},
)


@pytest.mark.parametrize(
    ("palette", "family"),
    [
        (["#ff0000"], "red"),
        (["#ff8000"], "orange"),
        (["#ffff00"], "yellow"),
        (["#00ff00"], "green"),
        (["#00ffff"], "cyan"),
        (["#0000ff"], "blue"),
        (["#8000ff"], "violet"),
        (["#ff00ff"], "magenta"),
        (["#ff0010"], "red"),
        (["#101010"], "dark"),
        (["#808080"], "grey"),
        (["#f0f0f0"], "light"),
        (["#808080", "#ff0000"], "red"),
        ([], UNKNOWN),
    ],
)
def test_the_first_colour_with_a_hue_names_the_family(palette: list[str], family: str):
    assert hue_family(palette) == family


def test_coverage_counts_every_picture_once_in_every_table():
    tables = coverage_tables(CURATED, MANIFEST, FACTS, LOOKS)

    assert list(tables) == ["source", "stratum", "aesthetic", "hue", "mood", "licence"]
    for table in tables.values():
        assert table["listed"].sum() == 4
        parts = table.select(
            pl.sum_horizontal("kept", "duplicate", "rejected", "failed")
        )
        assert parts.to_series().to_list() == table["listed"].to_list()
    assert tables["aesthetic"].rows() == [
        (UNKNOWN, 2, 0, 1, 0, 1),
        ("nature", 2, 1, 0, 1, 0),
    ]
    assert set(tables["hue"]["name"]) == {"red", "blue", "dark", UNKNOWN}
    assert set(tables["mood"]["name"]) == {"serene warm medium", UNKNOWN}


def test_the_left_out_stand_by_reason_the_commonest_first():
    seen = pl.DataFrame(
        {
            "status": ["kept"] + ["rejected"] * 30 + ["duplicate"],
            "reason": [None] + ["text"] * 30 + ["near_duplicate"],
            "thumbnail": [str(n) for n in range(32)],
        }
    )

    groups = left_out_examples(seen)

    assert list(groups) == ["text (rejected, 30)", "near_duplicate (duplicate, 1)"]
    assert [len(keys) for keys in groups.values()] == [10, 1]
    assert "0" not in {key for keys in groups.values() for key in keys}


def test_the_report_reads_thumbnails_of_what_it_shows(jpeg: Callable[..., bytes]):
    asked: list[str] = []

    def read(key: str) -> bytes:
        asked.append(key)
        return jpeg(int(key))

    report = report_curation(CURATED, MANIFEST, FACTS, LOOKS, read=read)

    assert sorted(asked) == ["1", "2", "3"]
    for sheet in (report.kept_sheet, report.left_out_sheet):
        assert Image.open(io.BytesIO(sheet)).format == "WEBP"


def test_an_empty_corpus_has_an_empty_report():
    nothing = (CURATED.clear(), MANIFEST.clear(), FACTS.clear(), LOOKS.clear())

    report = report_curation(*nothing, read=lambda _: b"")

    assert all(table.height == 0 for table in report.coverage.values())
