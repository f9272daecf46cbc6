"""Tiles for a setting: by hand on small vectors, and bit for bit as the page does."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evoke_core.pages
from evoke_core.boards.refine import (
    Pool,
    Refinement,
    choose_tiles,
    encode_vector,
    quantise,
    relevance_of,
)
from evoke_core.config.fields import AXES

REFINE_JS = Path(evoke_core.pages.__file__).parent / "templates" / "refine.js"


def pool(vectors, clusters=None, artists=None, sources=None):
    rows = np.array(vectors, np.int8)
    count = len(rows)
    return Pool(
        vectors=rows,
        clusters=clusters or [f"c{row}" for row in range(count)],
        artists=artists or [None] * count,
        sources=sources or ["s"] * count,
    )


def asking(queries, **rules):
    wide = np.atleast_2d(np.array(queries, np.float64))
    named = {
        "whole_weight": 0.7, "reach": 0.8, "balance": 1.0, "size": 3,
        "max_per_artist": 99, "max_per_source": None,
        "directions": np.eye(4, wide.shape[1]),
    }  # fmt: skip
    return Refinement(queries=wide, **(named | rules))


def test_vectors_are_rounded_to_their_own_largest_value():
    rows = [[0.5, -1.0, 0.25], [2.0, 0.0, -1.0], [0, 0, 0]]
    found = quantise(np.array(rows, np.float32))
    np.testing.assert_array_equal(found, [[64, -127, 32], [127, 0, -64], [0, 0, 0]])
    assert found.dtype == np.int8


def test_rounding_hardly_turns_a_vector():
    vectors = np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32)
    small = quantise(vectors).astype(np.float64)
    cosine = (small * vectors).sum(1)
    cosine /= np.linalg.norm(small, axis=1) * np.linalg.norm(vectors, axis=1)
    assert cosine.min() > 0.999


def test_a_vector_travels_as_base64_of_its_bytes():
    text = encode_vector(np.array([1, -1, 127], np.int8))
    assert base64.b64decode(text) == bytes([1, 255, 127])


def test_relevance_is_the_cosine_with_the_whole():
    found = relevance_of(pool([[1, 0], [1, 1], [0, 1], [-3, 0]]), asking([1, 0]), {})
    np.testing.assert_allclose(found, [1, 0.5**0.5, 0, -1], atol=1e-12)


def test_the_best_section_counts_beside_the_whole():
    queries = [[1, 0], [0, 1], [-1, 0]]
    found = relevance_of(pool([[1, 0], [0, 1], [-1, 0]]), asking(queries), {})
    np.testing.assert_allclose(found, [0.7, 0.3, -0.7 + 0.3], atol=1e-12)


def test_nothing_is_like_an_empty_vector():
    found = relevance_of(pool([[0, 0], [1, 0]]), asking([0.5, 0.5]), {})
    np.testing.assert_allclose(found, [0, 0.5**0.5])
    assert relevance_of(pool([[1, 0]]), asking([0, 0]), {}).tolist() == [0]


def test_by_relevance_alone_the_nearest_come_first():
    tiles = choose_tiles(pool([[0, 9], [9, 9], [9, 1], [9, 0]]), asking([1, 0]), {})
    assert tiles == [3, 2, 1]


def test_variety_puts_the_different_before_the_second_copy():
    # with balance b the copy scores b - (1 - b) and the other 0: a tie at 1/2
    rows = pool([[9, 0], [9, 0], [0, 9]])
    assert choose_tiles(rows, asking([1, 0], balance=0.5, size=2), {}) == [0, 1]
    assert choose_tiles(rows, asking([1, 0], balance=0.4, size=2), {}) == [0, 2]
    short = pool([[1, 0], [1, 0], [0, 1]])  # of likeness counts the direction alone
    assert choose_tiles(short, asking([1, 0], balance=0.4, size=2), {}) == [0, 2]


def test_marginal_relevance_by_hand():
    # relevance 0.8, 0.6, 0.99, 0
    rows = pool([[5, 0], [0, 5], [5, 5], [3, -4]])
    # then rows 0 and 1 are 0.71 like row 2, row 3 is -0.14 like it:
    # 0: 0.48 - 0.283 = 0.197; 1: 0.36 - 0.283 = 0.077; 3: 0 + 0.4 * 0.141 = 0.057
    # then row 1 is still at 0.077, and row 3, 0.6 like row 0, at -0.24
    found = choose_tiles(rows, asking([0.8, 0.6], balance=0.6, size=4), {})
    assert found == [2, 0, 1, 3]


def test_ties_go_to_the_lower_row():
    rows = pool([[0, 1], [2, 0], [1, 0], [3, 0]])
    assert choose_tiles(rows, asking([1, 0], size=4), {}) == [1, 2, 3, 0]


def test_one_picture_of_each_cluster():
    rows = pool([[9, 0], [9, 1], [0, 9]], clusters=["a", "a", "b"])
    assert choose_tiles(rows, asking([1, 0]), {}) == [0, 2]


def test_an_artist_has_so_many_tiles_and_unknown_ones_any_number():
    artists = ["Ann", "Ann", "Ann", None, None]
    rows = pool([[9, 0], [9, 1], [9, 2], [9, 3], [9, 4]], artists=artists)
    found = choose_tiles(rows, asking([1, 0], size=5, max_per_artist=2), {})
    assert found == [0, 1, 3, 4]


def test_a_source_has_so_many_tiles():
    rows = pool([[9, 0], [9, 1], [9, 2]], sources=["a", "a", "b"])
    assert choose_tiles(rows, asking([1, 0], max_per_source=1), {}) == [0, 2]


def test_the_pool_may_end_first():
    assert choose_tiles(pool([[1, 0]]), asking([1, 0], size=40), {}) == [0]


def test_a_slider_at_rest_is_no_slider_to_the_byte():
    rows = pool(np.random.default_rng(0).integers(-127, 128, (40, 6)))
    query = asking(np.random.default_rng(1).normal(size=(3, 6)))
    resting = relevance_of(rows, query, dict.fromkeys(AXES, 0.0))
    assert resting.tobytes() == relevance_of(rows, query, {}).tobytes()
    assert choose_tiles(rows, query, dict.fromkeys(AXES, 0.0)) == choose_tiles(
        rows, query, {}
    )


def test_a_slider_moves_relevance_towards_its_direction():
    rows = pool([[9, 0, 0, 0], [0, 9, 0, 0]])
    query = asking([0, 0, 1, 0], reach=1.0)
    moved = relevance_of(rows, query, {"energy": 1.0})
    np.testing.assert_allclose(moved, [0.5**0.5, 0], atol=1e-9)
    back = relevance_of(rows, query, {"energy": -0.5, "warmth": 0.5})
    np.testing.assert_allclose(back, [-1 / 6**0.5, 1 / 6**0.5], atol=1e-4)


def random_case(seed, count=120, dimension=24, sections=3):
    """Make a pool with copies, ties, empty rows and caps that bind."""
    rng = np.random.default_rng(seed)
    vectors = quantise(rng.normal(size=(count, dimension)).astype(np.float32))
    vectors[rng.integers(0, count, 6)] = vectors[rng.integers(0, count, 6)]
    vectors[rng.integers(0, count, 2)] = 0
    candidates = Pool(
        vectors=vectors,
        clusters=[f"c{n}" for n in rng.integers(0, count, count)],
        artists=[None if n > 6 else f"a{n}" for n in rng.integers(0, 12, count)],
        sources=[f"s{n}" for n in rng.integers(0, 3, count)],
    )
    directions, _ = np.linalg.qr(rng.normal(size=(dimension, 4)))
    cap = int(rng.integers(10, 40)) if seed % 2 else None
    rules = Refinement(
        queries=np.round(rng.normal(size=(1 + sections, dimension)) / 5, 6),
        whole_weight=0.7, directions=np.round(directions.T, 6), reach=0.8,
        balance=float(rng.choice([0.0, 0.55, 0.75, 1.0])), size=40,
        max_per_artist=3, max_per_source=cap,
    )  # fmt: skip
    return candidates, rules


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 3), st.floats(-1, 1), st.floats(-1, 1))
def test_tiles_are_distinct_and_keep_every_cap(seed, sections, energy, warmth):
    rows, query = random_case(seed, sections=sections)
    tiles = choose_tiles(rows, query, {"energy": energy, "warmth": warmth})
    assert 0 < len(tiles) <= query.size
    assert len(tiles) == len(set(tiles))
    assert len({rows.clusters[tile] for tile in tiles}) == len(tiles)
    artists = [rows.artists[tile] for tile in tiles if rows.artists[tile]]
    assert all(artists.count(name) <= query.max_per_artist for name in artists)
    if query.max_per_source:
        sources = [rows.sources[tile] for tile in tiles]
        assert all(sources.count(name) <= query.max_per_source for name in sources)


def as_board(candidates, rules):
    """Write the part of board.json that the page chooses by."""
    return {
        "candidates": [
            {
                "image_id": f"p{row}",
                "vector": encode_vector(vector),
                "cluster_id": candidates.clusters[row],
                "artist": candidates.artists[row],
                "source": candidates.sources[row],
            }
            for row, vector in enumerate(candidates.vectors)
        ],
        "refinement": {
            "dimension": candidates.vectors.shape[1],
            "board_size": rules.size,
            "balance": rules.balance,
            "reach": rules.reach,
            "max_per_artist": rules.max_per_artist,
            "max_per_source": rules.max_per_source,
            "queries": [
                {"weight": rules.whole_weight, "vector": vector.tolist()}
                for vector in rules.queries
            ],
            "axes": [
                {"name": name, "direction": direction.tolist()}
                for name, direction in zip(AXES, rules.directions, strict=True)
            ],
        },
    }


_DRIVER = """
const { board, settings } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const vectors = decodeVectors(board.candidates, board.refinement.dimension);
const answers = settings.map((setting) => ({
  tiles: chooseTiles(board, vectors, setting),
  relevance: Array.from(relevanceOf(board.refinement, vectors, setting, null)),
}));
process.stdout.write(JSON.stringify(answers));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="needs node to run refine.js")
@pytest.mark.parametrize(
    ("seed", "dimension", "sections", "count"),
    [(1, 24, 3, 50), (2, 24, 0, 25), (3, 300, 4, 10)],  # 300 sums in two blocks
)
def test_the_page_chooses_the_same_tiles_bit_for_bit(
    tmp_path, seed, dimension, sections, count
):
    rows, query = random_case(seed, dimension=dimension, sections=sections)
    moves = np.random.default_rng(seed).uniform(-1, 1, (count, 4)).tolist()
    moved = [{}, *(dict(zip(AXES, move, strict=True)) for move in moves)]
    program = tmp_path / "refine.cjs"
    program.write_text(REFINE_JS.read_text(encoding="utf-8") + _DRIVER)
    answer = subprocess.run(
        [shutil.which("node"), str(program)],
        input=json.dumps({"board": as_board(rows, query), "settings": moved}),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    for setting, page in zip(moved, json.loads(answer.stdout), strict=True):
        assert page["relevance"] == relevance_of(rows, query, setting).tolist()
        assert page["tiles"] == choose_tiles(rows, query, setting)
