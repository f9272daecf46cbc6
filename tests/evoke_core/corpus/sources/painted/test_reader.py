"""The painted collection as a source, with its planted truth."""

import pytest

from evoke_core.config.collections import PictureSource
from evoke_core.corpus.sources.painted.catalogue import list_paintings, paint
from evoke_core.corpus.sources.painted.reader import (
    DEFAULT_COUNT,
    list_painted,
    paint_key,
)
from evoke_core.errors import SourceError


def source_of(quota: int | None = 60, seed: int = 7) -> PictureSource:
    return PictureSource(
        kind="painted",
        release="1",
        licence="CC0",
        attribution="Painted in code",
        quota=quota,
        seed=seed,
    )


def test_all_paintings_are_listed_with_what_is_planted_in_them() -> None:
    paintings = list_paintings(count=60, seed=7)
    listed = list(list_painted(source_of()))

    assert [each.source_key for each in listed] == [each.key for each in paintings]
    for row, painting in zip(listed, paintings, strict=True):
        assert row.title == painting.title
        assert row.keywords == (painting.aesthetic,)
        assert row.family == painting.family
        assert row.planted_valence == painting.valence
        assert row.planted_arousal == painting.arousal
        assert row.duplicate_of == painting.duplicate_of


def test_planted_duplicates_name_an_original_that_is_listed_too() -> None:
    listed = list(list_painted(source_of()))
    named = {row.duplicate_of for row in listed if row.duplicate_of}

    assert named
    assert named <= {row.source_key for row in listed if row.duplicate_of is None}


def test_a_quota_counts_originals_and_has_a_default() -> None:
    for quota, count in ((17, 17), (None, DEFAULT_COUNT)):
        listed = list(list_painted(source_of(quota)))
        assert sum(row.duplicate_of is None for row in listed) == count


def test_another_seed_is_another_version_of_other_pictures() -> None:
    first, other = (list(list_painted(source_of(8, seed))) for seed in (7, 8))

    assert {row.version for row in first}.isdisjoint(row.version for row in other)
    assert [r.source_key for r in first] == [r.source_key for r in other]
    key = next(row.source_key for row in first if row.family == "smoke")
    assert paint_key(source_of(8, 7), key) != paint_key(source_of(8, 8), key)


def test_a_key_is_painted_as_the_catalogue_paints_it() -> None:
    painting = next(p for p in list_paintings(count=60) if p.family == "city_bokeh")

    assert paint_key(source_of(), painting.key) == paint(painting)


def test_a_key_that_is_not_listed_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"nobody.* under another configuration"):
        paint_key(source_of(), "nobody/nobody_001.jpg")
