"""Which candidates travel with a board."""

from dataclasses import replace

import numpy as np
import pytest

from evoke_core.boards import pool
from evoke_core.boards.options import BoardOptions
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
