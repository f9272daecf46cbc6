"""The other board: chosen by the same rules, about something else."""

import json

import numpy as np
import pytest

from evoke_core.boards.collected import served_pictures
from evoke_core.errors import BoardError
from evoke_core.reviews.rival import open_corpus, random_board
from evoke_core.vectors import mean_pairwise_distance


@pytest.fixture(scope="module")
def corpus(world):
    return open_corpus(served_pictures(world))


@pytest.fixture
def board(world):
    return json.loads(world.read("boards/dawn-0/board.json"))


def test_it_has_the_size_of_the_real_board_and_none_of_its_pictures(board, corpus):
    real = {tile["image_id"] for tile in board["tiles"]}
    for seed in range(10):
        other = random_board(board, corpus, np.random.default_rng(seed))
        assert len(other) == len(set(other)) == len(real)
        assert not real & set(other)


def test_a_seed_decides_what_it_is_about(board, corpus):
    def draw(seed):
        return random_board(board, corpus, np.random.default_rng(seed))

    assert draw(3) == draw(3)
    assert len({tuple(draw(seed)) for seed in range(10)}) > 3


def test_it_hangs_together_more_than_a_heap_of_pictures(board, corpus):
    """Else it would lose by its looks, whatever the music."""

    def spread(image_ids):
        rows = [corpus.rows[image_id] for image_id in image_ids]
        return mean_pairwise_distance(corpus.embeddings[rows])

    rng = np.random.default_rng(0)
    ids = list(corpus.rows)
    boards = [spread(random_board(board, corpus, rng)) for _ in range(20)]
    heaps = [spread(rng.choice(ids, 12, replace=False)) for _ in range(20)]
    assert np.mean(boards) < np.mean(heaps)


def test_caps_hold_for_it_too(board, corpus):
    one_artist = corpus.pictures.with_columns(artist=corpus.pictures["source"])
    few = random_board(board, open_corpus(one_artist), np.random.default_rng(0))
    assert len(few) == board["refinement"]["max_per_artist"] == 2


def test_a_board_of_another_image_space_is_not_compared(board, corpus):
    board["refinement"]["dimension"] = 512
    with pytest.raises(BoardError, match="512 dimensions, the pictures now have 12"):
        random_board(board, corpus, np.random.default_rng(0))


def test_a_corpus_that_is_all_on_the_board_has_no_other_board(board, corpus):
    board["tiles"] = [{"image_id": image_id} for image_id in corpus.rows]
    with pytest.raises(BoardError, match="larger corpus"):
        random_board(board, corpus, np.random.default_rng(0))
