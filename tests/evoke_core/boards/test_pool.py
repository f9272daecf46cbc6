"""Which candidates travel with a board."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from evoke_core.boards import pool
from evoke_core.boards.options import PLAIN, BoardOptions
from evoke_core.boards.pool import gather, require_pictures, select
from evoke_core.boards.query import ask
from evoke_core.boards.refine import (
    Pool,
    Refinement,
    choose_tiles,
    quantise,
    relevance_of,
)
from evoke_core.config.fields import AXES
from evoke_core.errors import BoardError
from evoke_core.index.filters import Filters
from evoke_core.index.image_index import Hit
from evoke_core.vectors import l2_normalize


def test_candidates_are_distinct_and_best_first(heard, desk):
    refinement = ask(heard, desk)
    image_ids, pool, relevance = gather(refinement, desk)
    assert len(image_ids) == len(set(image_ids)) == 16
    assert (np.diff(relevance) <= 0).all()
    np.testing.assert_array_equal(relevance, relevance_of(pool, refinement, {}))


def test_the_pool_knows_of_each_candidate_what_refinement_needs(heard, desk):
    image_ids, pool, _ = gather(ask(heard, desk), desk)
    np.testing.assert_array_equal(pool.vectors, quantise(desk.vectors_of(image_ids)))
    assert pool.clusters == image_ids
    for row, image_id in enumerate(image_ids):
        picture = desk.pictures[image_id]
        assert pool.artists[row] == picture["artist"]
        assert pool.sources[row] == picture["source"]


def test_a_song_of_one_section_asks_the_release_once(heard, desk, index):
    gather(ask(heard, desk), desk)
    assert index.asked == [("images_1", 1, 5000)]


def test_sections_and_moved_sliders_ask_for_themselves(heard, desk, index):
    refinement = in_sections(ask(heard, desk), 2)
    select(refinement, desk, BoardOptions({"energy": 0.5}))
    # at rest by the whole and by two sections, then all three moved
    assert [(queries, top_k) for _, queries, top_k in index.asked] == [
        (1, 5000), (2, 16), (3, 16),
    ]  # fmt: skip


def in_sections(refinement, count):
    rng = np.random.default_rng(5)
    parts = l2_normalize(rng.normal(size=(count, refinement.queries.shape[1])))
    return replace(refinement, queries=np.vstack([refinement.queries[:1], parts]))


def of_all(desk):
    """Everything that may be shown, as one pool."""
    ids = list(desk.pictures)
    pictures = desk.pictures.values()
    return ids, Pool(
        vectors=quantise(desk.vectors_of(ids)),
        clusters=[picture["cluster_id"] for picture in pictures],
        artists=[picture["artist"] for picture in pictures],
        sources=[picture["source"] for picture in pictures],
    )


@pytest.mark.parametrize("sections", [0, 2, 5])
def test_tiles_at_rest_and_as_many_again_are_the_very_best_there_are(
    heard, desk, sections
):
    refinement = in_sections(ask(heard, desk), sections)
    image_ids, pool, _ = gather(refinement, desk)
    ids, everything = of_all(desk)
    for size, within in ((6, 6), (12, 8)):  # half of the pool at most
        asked = replace(refinement, size=size)
        best = [ids[row] for row in choose_tiles(everything, asked, {})]
        assert [image_ids[row] for row in choose_tiles(pool, asked, {})][:within] == (
            best[:within]
        )


def test_tiles_at_the_setting_asked_for_are_the_very_best_there_are(heard, desk):
    options = BoardOptions({"energy": -1.0, "abstraction": 0.7})
    found = select(in_sections(ask(heard, desk), 3), desk, options)
    ids, everything = of_all(desk)
    best = choose_tiles(everything, found.refinement, options.setting)
    assert [found.image_ids[row] for row in found.chosen] == [ids[row] for row in best]
    assert found.chosen == choose_tiles(found.pool, found.refinement, options.setting)
    assert found.options == options
    there = relevance_of(found.pool, found.refinement, options.setting)
    np.testing.assert_array_equal(found.relevance, there)


def test_tiles_of_every_section_travel(heard, desk):
    refinement = in_sections(ask(heard, desk), 2)
    image_ids, _, _ = gather(replace(refinement, size=3), desk)
    ids, everything = of_all(desk)
    for part in (1, 2):
        leant = replace(refinement, size=3, queries=refinement.queries[[0, part]])
        assert {ids[row] for row in choose_tiles(everything, leant, {})} <= set(
            image_ids
        )


@pytest.mark.parametrize(
    ("wanted", "reserved"),
    [
        (6, [0, 1, 2, 4, 6]),  # half for the tiles at rest, half for the sections
        (7, [0, 1, 2, 4, 6, 5]),
        (8, [0, 1, 2, 3, 4, 6, 5]),
        (20, [0, 1, 2, 3, 4, 6, 5, 7]),  # of a board of 2 tiles twice as many
    ],
)
def test_the_best_at_rest_then_the_best_of_each_section_in_turns(wanted, reserved):
    # Each is of one section alone, and those of the third are so near to it that all
    # tiles at rest are theirs. Nothing asks for what the last column holds.
    vectors = [
        (0, 0, 1, 0), (0, 0, 24, 7), (0, 0, 12, 5), (0, 0, 15, 8),
        (4, 0, 0, 3), (3, 0, 0, 4),
        (0, 8, 0, 15), (0, 5, 0, 12),
    ]  # fmt: skip
    names = [str(row) for row in range(8)]
    rows = np.hstack([vectors, np.zeros((8, 1))]).astype(np.int8)
    candidates = Pool(rows, names, [None] * 8, ["s"] * 8)
    refinement = Refinement(
        queries=np.eye(5)[[4, 0, 1, 2]], whole_weight=0.7,
        directions=np.zeros((4, 5)), reach=1.0, balance=1.0, size=2,
        max_per_artist=6, max_per_source=None,
    )  # fmt: skip

    found = pool._reserved(candidates, refinement, wanted)

    # 4 and 6 are the firsts of sections 1 and 2, 5 and 7 their seconds.
    assert list(dict.fromkeys(found)) == reserved


def test_only_what_passes_the_filters_travels(heard, desk):
    options = BoardOptions(filters=Filters(sources=("south",)))
    found = select(ask(heard, desk), desk, options)
    assert set(found.pool.sources) == {"south"}
    assert len(found.image_ids) == 8


def test_an_index_that_knows_other_moods_than_the_desk_shows_nothing_wrong(
    heard, desk, index
):
    mood = desk.pictures["p07"]["moods"][0]
    changed = {i: picture | {"moods": [mood]} for i, picture in index.facts.items()}
    loose = replace(desk, index=replace(index, facts=changed))
    options = BoardOptions(filters=Filters(moods=(mood,)))
    found = select(ask(heard, desk), loose, options)
    assert "p07" in found.image_ids
    assert all(mood in desk.pictures[i]["moods"] for i in found.image_ids)


def test_filters_that_some_picture_passes_are_no_error(desk):
    mood = desk.pictures["p07"]["moods"][0]
    require_pictures(Filters(moods=(mood,)), desk)
    require_pictures(Filters(sources=("nowhere",)), without(desk, set(desk.pictures)))


def test_filters_that_no_picture_passes_are_told_what_there_is(desk):
    filters = Filters(sources=("east", "west"), licences=("CC-BY-4.0",))
    moods = sorted({mood for each in desk.pictures.values() for mood in each["moods"]})
    with pytest.raises(BoardError) as told:
        require_pictures(filters, desk)
    assert str(told.value) == (
        "none of 24 pictures passes the filters sources ['east', 'west'], "
        "licences ['CC-BY-4.0']; there are sources north, south; "
        f"licences CC0-1.0; moods {', '.join(moods)}"
    )


def test_moved_sliders_ask_for_what_lies_where_they_stand(heard, desk, monkeypatch):
    asked, search = [], desk.index.search

    def kept(collection, queries, **more):
        asked.append(queries)
        return search(collection, queries, **more)

    monkeypatch.setattr(desk.index, "search", kept)
    refinement = in_sections(ask(heard, desk), 2)
    gather(refinement, desk, BoardOptions({AXES[1]: 0.5}))
    moved = refinement.queries + 0.5 * refinement.reach * refinement.directions[1]
    np.testing.assert_allclose(asked[-1], moved, atol=1e-6)


def test_a_corpus_smaller_than_the_pool_travels_whole(heard, desk):
    rules = desk.run_profile
    wide = rules.model_copy(
        update={"board": rules.board.model_copy(update={"pool": 500})}
    )
    image_ids, _, _ = gather(ask(heard, desk), replace(desk, run_profile=wide))
    assert set(image_ids) == set(desk.pictures)


def without(desk, gone):
    kept = {i: picture for i, picture in desk.pictures.items() if i not in gone}
    rows = {i: desk.rows[i] for i in kept}
    return replace(desk, pictures=kept, rows=rows)


def test_a_picture_that_left_after_the_release_is_not_shown(heard, desk):
    refinement = ask(heard, desk)
    first = gather(refinement, desk)[0][0]
    image_ids, _, _ = gather(refinement, without(desk, {first}))
    assert first not in image_ids
    assert len(image_ids) == 16


def test_what_is_left_is_found_behind_all_that_has_gone(heard, desk, monkeypatch):
    monkeypatch.setattr(pool, "_FAR_AND_WIDE", 2)
    refinement = ask(heard, desk)
    best_first, _, _ = gather(refinement, desk)
    left = set(best_first[-2:])
    image_ids, _, _ = gather(refinement, without(desk, set(desk.pictures) - left))
    assert set(image_ids) == left


def test_no_picture_at_all_is_a_board_error_with_the_remedy(heard, desk):
    refinement = ask(heard, desk)
    with pytest.raises(BoardError) as told:
        gather(refinement, without(desk, set(desk.pictures)))
    assert str(told.value) == (
        "the index holds no picture that may be shown; run refresh_corpus and "
        "publish_release with at least one picture that is kept"
    )


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
