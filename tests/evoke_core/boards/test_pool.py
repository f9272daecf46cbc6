"""Which candidates travel with a board."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from evoke_core.boards.pool import gather
from evoke_core.boards.query import ask
from evoke_core.boards.refine import Refinement, choose_tiles, quantise, relevance_of
from evoke_core.config.fields import AXES
from evoke_core.errors import BoardError
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


def test_the_collection_of_the_release_is_searched_once(heard, desk, index):
    gather(ask(heard, desk), desk)
    # the whole, both ends of four sliders, sixteen corners
    assert index.asked == [("images_1", 1 + 8 + 16, 16)]


def test_half_of_the_pool_is_what_the_song_itself_asks_for(heard, desk, index):
    refinement = ask(heard, desk)
    image_ids, _, _ = gather(refinement, desk)
    best = index.search("images_1", refinement.queries.astype(np.float32), top_k=8)[0]
    assert {hit.image_id for hit in best} <= set(image_ids)


def test_the_best_of_every_slider_end_is_in_the_pool(heard, desk, index):
    refinement = ask(heard, desk)
    image_ids, _, _ = gather(refinement, desk)
    shifts = refinement.reach * np.vstack([refinement.directions] * 2)
    shifts[4:] *= -1
    ends = (refinement.queries[0] + shifts).astype(np.float32)
    for hits in index.search("images_1", ends, top_k=1):
        assert hits[0].image_id in image_ids


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


def test_what_is_left_is_found_behind_all_that_has_gone(heard, desk):
    refinement = ask(heard, desk)
    best_first, _, _ = gather(refinement, desk)
    left = set(best_first[-2:])
    image_ids, _, _ = gather(refinement, without(desk, set(desk.pictures) - left))
    assert set(image_ids) == left


def test_no_picture_at_all_is_a_board_error_with_the_remedy(heard, desk):
    refinement = ask(heard, desk)
    with pytest.raises(BoardError, match="run refresh_corpus"):
        gather(refinement, without(desk, set(desk.pictures)))


def test_refining_in_the_pool_equals_a_new_retrieval():
    # the bar of the board page: at least 95 % of the tiles over random settings; it
    # holds for half as many again as the pool and sinks with larger collections
    rng = np.random.default_rng(0)
    count, dimension = 750, 48
    embeddings = l2_normalize(rng.normal(size=(count, dimension)) / np.arange(1, 49))
    ids = [f"p{row}" for row in range(count)]
    facts = {"artist": None, "source": "s"}
    directions, _ = np.linalg.qr(rng.normal(size=(dimension, 4)))

    def search(collection, queries, *, top_k):
        scores = l2_normalize(queries) @ embeddings.T
        order = np.argsort(-scores, axis=1)[:, :top_k]
        return [[Hit(ids[row], 0.0) for row in rows] for rows in order]

    desk = SimpleNamespace(
        index=SimpleNamespace(search=search),
        release=SimpleNamespace(collection="c", pictures=0),
        run_profile=SimpleNamespace(board=SimpleNamespace(pool=500)),
        pictures={i: facts | {"cluster_id": i} for i in ids},
        rows={i: row for row, i in enumerate(ids)},
        vectors_of=lambda some: embeddings[[int(i[1:]) for i in some]],
    )
    refinement = Refinement(
        queries=l2_normalize(rng.normal(size=(4, dimension))).astype(np.float64),
        whole_weight=0.7, directions=directions.T, reach=0.8, balance=0.75, size=40,
        max_per_artist=6, max_per_source=None,
    )  # fmt: skip
    image_ids, pool, _ = gather(refinement, desk)
    everything = replace(
        pool, vectors=quantise(embeddings), clusters=ids,
        artists=[None] * count, sources=["s"] * count,
    )  # fmt: skip
    shared = []
    for move in rng.uniform(-1, 1, (12, 4)):
        setting = dict(zip(AXES, move, strict=True))
        here = {image_ids[row] for row in choose_tiles(pool, refinement, setting)}
        anew = {ids[row] for row in choose_tiles(everything, refinement, setting)}
        shared.append(len(here & anew) / len(anew))
    assert np.mean(shared) >= 0.95, np.mean(shared)
