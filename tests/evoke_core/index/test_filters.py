"""Filters ask the same of the index as of a picture at hand, whatever the texts."""

import numpy as np
import polars as pl
import pytest

from evoke_core.index.filters import NO_FILTERS, Filters
from evoke_core.index.image_index import open_index
from evoke_core.vectors import l2_normalize

HOSTILE = [
    'a"b', "it's", "back\\slash", "\\", '\\"', '"] or image_id != ""', "%", "_", "{x}",
    "line\nbreak", "\r", "tab\t", "\x01", "\x00", "\x7f", "\u2028", "\ufeff", " ",
    "schön", "\N{SNOWMAN}", "\N{GRINNING FACE}", "مزاج", "x" * 500,
]  # fmt: skip
COUNT = len(HOSTILE) * 3


def rows():
    return [
        {
            "image_id": f"i{number:03d}",
            "source": HOSTILE[number % len(HOSTILE)],
            "licence": HOSTILE[number // 3],
            "moods": [HOSTILE[-1 - number % len(HOSTILE)], "calm"][: number % 3],
        }
        for number in range(COUNT)
    ]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    vectors = l2_normalize(np.random.default_rng(0).normal(size=(COUNT, 8)))
    others = ("attribution", "url")
    sizes = ("width_px", "height_px")
    scores = ("energy", "warmth", "complexity", "abstraction")
    frame = pl.DataFrame(rows(), schema_overrides={"moods": pl.List(pl.String)})
    frame = frame.with_columns(
        *(pl.lit("a").alias(name) for name in others),
        *(pl.lit(9).alias(name) for name in sizes),
        *(pl.lit(0.1).alias(name) for name in scores),
    )
    with open_index(str(tmp_path_factory.mktemp("index") / "milvus.db")) as opened:
        opened.build("images_1", frame, vectors)
        yield opened


def found(index, filters, top_k=COUNT):
    query = np.ones((1, 8), np.float32)
    [hits] = index.search("images_1", query, top_k=top_k, filters=filters)
    return {hit.image_id for hit in hits}


def admitted(filters):
    return {row["image_id"] for row in rows() if filters.admits(row)}


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_text_finds_what_has_it_and_nothing_else(index, text):
    for filters in (
        Filters(sources=(text,)), Filters(licences=(text,)), Filters(moods=(text,)),
    ):  # fmt: skip
        assert found(index, filters) == admitted(filters)


def test_filters_join_by_and_their_values_by_or(index):
    filters = Filters(
        tuple(HOSTILE[:9]), licences=tuple(HOSTILE[3:]), moods=("calm", HOSTILE[2])
    )
    assert 0 < len(admitted(filters)) < COUNT
    assert found(index, filters) == admitted(filters)


def test_ten_thousand_values_are_asked_for_at_once(index):
    many = tuple(f"{number}" for number in range(10_000))
    for filters in (
        Filters(sources=(*many, "%")),
        Filters(licences=many),
        Filters(moods=(*many, "_")),
    ):
        assert found(index, filters) == admitted(filters)


def test_as_many_as_asked_for_come_where_so_many_pass(index):
    filters = Filters(moods=("calm",))
    passing = len(admitted(filters))
    assert len(found(index, filters, top_k=passing - 1)) == passing - 1


def test_what_is_no_unicode_finds_nothing(index):
    assert found(index, Filters(sources=("\ud800",))) == set()
    assert found(index, Filters(sources=("\ud800", "%"))) == admitted(
        Filters(sources=("%",))
    )


def test_no_filter_is_no_expression():
    assert NO_FILTERS.expression() == ""


def test_an_expression_is_of_quoted_texts_alone():
    filters = Filters(('a"', "b\\"), licences=("c\n",), moods=("é", "é"))
    assert filters.expression() == (
        r'source in ["a\"", "b\\"] and licence in ["c\n"] and '
        'array_contains_any(moods, ["é"])'
    )
