"""How results look in the Dagster UI: samples, pictures, times, links, progress."""

import base64
import io
from typing import Any

import dagster as dg
import polars as pl
import pytest

from evoke_core.corpus.contact_sheet import contact_sheet
from evoke_core.storage.local import LocalStore
from evoke_pipelines.shown import (
    as_markdown,
    duration,
    link,
    log_progress,
    picture,
    place,
    sample,
    thumbnails,
)


def test_a_sample_turns_rows_into_columns_and_shortens_vectors() -> None:
    frame = pl.DataFrame({"id": ["a"], "v": [[0.5] * 99], "share": [1 / 3]})
    assert sample(frame).splitlines()[2:] == [
        "| id | a |",
        "| v | 99 values |",
        "| share | 0.3333 |",
    ]


def test_a_sample_of_no_rows_names_the_columns() -> None:
    assert "a, b" in sample(pl.DataFrame({"a": [], "b": []}))


def test_a_sheet_of_no_pictures_says_so(store: LocalStore) -> None:
    assert thumbnails(store, pl.Series([None], dtype=pl.String)) == "no pictures yet"


def test_a_cell_that_is_cut_cuts_no_entity() -> None:
    shown = as_markdown(pl.DataFrame({"a": ["<" * 99]}))
    assert shown.splitlines()[-1] == "| " + "&lt;" * 48 + "… |"


def test_markdown_cells_hold_no_markup_and_no_pipe() -> None:
    shown = as_markdown(pl.DataFrame({"a": ["<script>x|y</script>"]}))
    assert "<script" not in shown
    assert shown.splitlines()[-1].count("|") == 2


def test_pictures_are_shown_in_the_smaller_encoding(jpeg) -> None:
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(jpeg(1, width=400, height=300))).save(buffer, "PNG")
    shown = picture(buffer.getvalue())
    assert shown.startswith("md:![](data:image/webp;base64,")
    assert len(shown) < len(buffer.getvalue())
    sheet = contact_sheet([jpeg(1)])
    assert base64.b64decode(picture(sheet).partition(",")[2][:-1]) == sheet


@pytest.mark.parametrize(
    ("seconds", "said"), [(8.4, "8 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_times_are_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


class Told:
    """A step's context that keeps what is logged."""

    asset_key = dg.AssetKey("image_facts")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.log = self

    def info(self, text: str, *values: Any) -> None:
        self.lines.append(text % values)


def progress(monkeypatch: pytest.MonkeyPatch, total: int, each_s: float) -> list[str]:
    """Report every one of `total` items that take `each_s` seconds."""
    now, told = 0.0, Told()
    monkeypatch.setattr("evoke_pipelines.shown.time.monotonic", lambda: now)
    report = log_progress(told)  # type: ignore[arg-type]
    for done in range(1, total + 1):
        now += each_s
        report(done, total)
    return told.lines


def test_progress_is_told_every_ten_seconds_and_at_the_end(monkeypatch) -> None:
    assert progress(monkeypatch, 100, 0.25) == [
        "image_facts: 40 of 100 (40 %), 4.0 a second, 15 s left",
        "image_facts: 80 of 100 (80 %), 4.0 a second, 5 s left",
        "image_facts: 100 of 100 (100 %), 4.0 a second, 0 s left",
    ]


def test_what_is_slow_says_how_long_one_takes(monkeypatch) -> None:
    assert progress(monkeypatch, 2, 90.0) == [
        "image_facts: 1 of 2 (50 %), 90.0 s each, 1 min 30 s left",
        "image_facts: 2 of 2 (100 %), 90.0 s each, 0 s left",
    ]


def test_what_is_over_in_less_than_ten_seconds_says_nothing(monkeypatch) -> None:
    assert progress(monkeypatch, 1000, 0.009) == []


def test_in_a_bucket_a_blob_is_linked_for_a_day_and_on_disk_its_path_is_shown(
    store,
) -> None:
    class Bucket:
        def link(self, key: str, expires_s: int) -> str:
            return f"https://bucket.example/{key}?expires={expires_s}"

        def locate(self, key: str) -> str:
            return f"s3://bucket/{key}"

    way = link(Bucket(), "a.html")  # type: ignore[arg-type]
    assert isinstance(way, dg.UrlMetadataValue)
    assert way.value == "https://bucket.example/a.html?expires=86400"
    assert place(Bucket(), "a.html") == {  # type: ignore[arg-type]
        "stored_at": dg.MetadataValue.path("s3://bucket/a.html"),
        "open": way,
    }
    path = dg.MetadataValue.path(store.locate("a.html"))
    assert link(store, "a.html") == path
    assert place(store, "a.html") == {"stored_at": path}
