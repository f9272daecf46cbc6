"""Refining in the page equals asking anew, and the reach is as far as that holds."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from evoke_core.boards import pool
from evoke_core.boards.options import PLAIN, BoardOptions
from evoke_core.boards.pool import gather, select
from evoke_core.boards.query import ask
from evoke_core.boards.refine import Refinement, choose_tiles
from evoke_core.config.fields import AXES
from evoke_core.index.image_index import Hit
from evoke_core.vectors import l2_normalize
from tests.evoke_core.boards.test_pool import of_all


def desk_over(embeddings, travelling):
    """A desk over nothing but embeddings, of which so many travel."""
    ids = [f"p{row:05d}" for row in range(len(embeddings))]

    def search(collection, queries, *, top_k, filters):
        scores = l2_normalize(queries) @ embeddings.T
        order = np.argsort(-scores, axis=1)[:, :top_k]
        return [[Hit(ids[row], 0.0) for row in rows] for rows in order]

    return SimpleNamespace(
        index=SimpleNamespace(search=search),
        release=SimpleNamespace(collection="c", pictures=0),
        run_profile=SimpleNamespace(board=SimpleNamespace(pool=travelling)),
        pictures={i: {"cluster_id": i, "artist": None, "source": "s"} for i in ids},
        rows={i: row for row, i in enumerate(ids)},
        vectors_of=lambda some: embeddings[[int(i[1:]) for i in some]],
    )


def corpus(count, dimension=32, seed=0):
    """A desk over synthetic pictures whose spectrum falls as that of real ones."""
    rng = np.random.default_rng(seed)
    spectrum = np.arange(1, dimension + 1)
    embeddings = l2_normalize(rng.normal(size=(count, dimension)) / spectrum)
    directions, _ = np.linalg.qr(rng.normal(size=(dimension, 4)))
    refinement = Refinement(
        queries=l2_normalize(rng.normal(size=(4, dimension))).astype(np.float64),
        whole_weight=0.7, directions=directions.T, reach=0.8, balance=0.75, size=40,
        max_per_artist=6, max_per_source=None,
    )  # fmt: skip
    return desk_over(embeddings, 500), refinement


@pytest.mark.parametrize(
    "count", [400, 750, 3000, pytest.param(20_000, marks=pytest.mark.slow)]
)
def test_refining_in_the_page_equals_a_new_retrieval(count):
    # the bar of the board page: at least 95 % of the tiles over random settings
    desk, refinement = corpus(count)
    found = select(refinement, desk, PLAIN)
    assert len(found.image_ids) == min(count, 500)
    ids, everything = of_all(desk)
    shared = []
    for move in np.random.default_rng(1).uniform(-1, 1, (12, 4)):
        setting = dict(zip(AXES, move, strict=True))
        rules = found.refinement
        here = choose_tiles(found.pool, rules, setting)
        anew = {ids[row] for row in choose_tiles(everything, rules, setting)}
        shared.append(len({found.image_ids[row] for row in here} & anew) / len(anew))
    assert np.mean(shared) >= 0.95, np.mean(shared)
    assert found.refinement.reach == 0.8 or count > 500
    assert 0.05 <= found.refinement.reach <= 0.8


def test_of_a_large_corpus_the_extremes_of_the_sliders_are_asked_for(monkeypatch):
    monkeypatch.setattr(pool, "_FAR_AND_WIDE", 500)
    desk, refinement = corpus(520)
    asked, search = [], desk.index.search

    def kept(collection, queries, **more):
        asked.append(queries)
        return search(collection, queries, **more)

    desk.index.search = kept
    gather(refinement, desk)
    # each slider alone, and all together, to their ends and half-way
    moves = [m for m in product((-1, 0, 1), repeat=4) if sum(map(abs, m)) in {1, 4}]
    ends = np.vstack([moves, np.array(moves) / 2]) * refinement.reach
    expected = refinement.queries[0] + ends @ refinement.directions
    np.testing.assert_allclose(
        sorted(asked[-1].tolist()), sorted(expected.tolist()), atol=1e-6
    )


def test_what_lies_only_where_the_sliders_stand_is_found_there(monkeypatch):
    monkeypatch.setattr(pool, "_FAR_AND_WIDE", 500)
    monkeypatch.setattr(pool, "_AT_EXTREMES", 1)
    desk, refinement = corpus(3000)
    options = BoardOptions({"energy": 1.0})
    image_ids, _, relevance = gather(refinement, desk, options)
    ids, everything = of_all(desk)
    best = choose_tiles(everything, refinement, options.setting)
    assert {ids[row] for row in best} <= set(image_ids)
    found_at_rest = set(gather(refinement, desk)[0])
    assert not {ids[row] for row in best} <= found_at_rest
    at_rest = choose_tiles(everything, refinement, {})
    assert {ids[row] for row in at_rest} <= found_at_rest
    assert (np.diff(relevance) <= 0).all()


def test_candidates_are_the_same_every_time():
    desk, refinement = corpus(1500)
    first, second = (select(refinement, desk, PLAIN) for _ in range(2))
    assert first.image_ids == second.image_ids
    assert first.refinement.reach == second.refinement.reach


def test_the_reach_does_not_depend_on_where_the_sliders_stand():
    # or one setting would mean two boards, in the page and composed anew
    desk, refinement = corpus(3000)
    plain = select(refinement, desk, PLAIN).refinement.reach
    moved = select(refinement, desk, BoardOptions({"warmth": 1.0})).refinement.reach
    assert moved == plain < 0.8


def test_the_sliders_reach_only_as_far_as_what_travels_beside_the_tiles_at_rest():
    # One slider alone moves anything: one way to the second picture at once, the other
    # way to the third. Both would carry it all the way, but the first must travel.
    rest, side = np.eye(2)
    desk = desk_over(np.stack([rest, side, -side]), 2)
    refinement = Refinement(
        queries=0.001 * rest[None], whole_weight=0.7,
        directions=np.stack([side, 0 * side, 0 * side, 0 * side]), reach=0.8,
        balance=0.75, size=1, max_per_artist=6, max_per_source=None,
    )  # fmt: skip
    found = select(refinement, desk, PLAIN)
    assert found.image_ids[0] == "p00000"
    assert found.refinement.reach == 0.8 / 16  # the least there is


@pytest.mark.parametrize("near", [1, 4])  # fewer than travel, or just as many
def test_tiles_at_rest_travel_even_if_most_was_found_where_the_sliders_stand(
    near, monkeypatch
):
    rest, first, second, third, other = np.eye(5)
    # Unlike the best at rest, and so the next; on no board of one tile.
    seldom = other - 0.3 * rest + 0.01 * (first + second + third)
    left = [*[rest] * near, seldom, first, second, third]
    gone = [rest - 0.1 * other] * len(left)
    desk = desk_over(l2_normalize(np.stack(left + gone)), 4)
    for row in range(len(left), len(left + gone)):
        del desk.pictures[f"p{row:05d}"], desk.rows[f"p{row:05d}"]
    # Around the song lie those that have gone, more than others are asked for instead.
    monkeypatch.setattr(pool, "_FAR_AND_WIDE", len(left))
    monkeypatch.setattr(pool, "_MOST_GONE", 0)
    refinement = Refinement(
        queries=0.001 * rest[None], whole_weight=0.7,
        directions=np.stack([first, second, third, 0 * other]), reach=0.8,
        balance=0.4, size=1, max_per_artist=6, max_per_source=None,
    )  # fmt: skip
    options = BoardOptions(dict.fromkeys(AXES[:3], 1.0))
    image_ids, _, _ = gather(refinement, desk, options)
    assert len(image_ids) == 4
    assert {"p00000", f"p{near:05d}"} <= set(image_ids)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_in_a_dense_corpus_no_board_promises_more_than_it_carries(seed):
    # what lies near the ends of the sliders may be far from the song
    desk, refinement = corpus(20_000, seed=seed)
    found = select(refinement, desk, PLAIN)
    ids, everything = of_all(desk)
    shared = []
    for move in np.random.default_rng(1).uniform(-1, 1, (8, 4)):
        setting = dict(zip(AXES, move, strict=True))
        here = choose_tiles(found.pool, found.refinement, setting)
        anew = {ids[r] for r in choose_tiles(everything, found.refinement, setting)}
        shared.append(len({found.image_ids[row] for row in here} & anew) / len(anew))
    assert np.mean(shared) >= 0.95, np.mean(shared)


def test_a_corpus_that_is_all_near_is_not_asked_for_the_extremes(
    heard, desk, index, monkeypatch
):
    monkeypatch.setattr(pool, "_FAR_AND_WIDE", len(desk.pictures))
    select(ask(heard, desk), desk, PLAIN)
    assert sum(queries for _, queries, _ in index.asked) == len(
        ask(heard, desk).queries
    )
