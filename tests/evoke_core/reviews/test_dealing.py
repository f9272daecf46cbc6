"""Trials are dealt fairly, blind and by the seed alone."""

import json
from collections import Counter
from itertools import groupby

import pytest

from evoke_core.boards.collected import served_pictures
from evoke_core.errors import BoardError
from evoke_core.reviews.dealing import StudyPlan, deal_study
from evoke_core.reviews.rival import open_corpus


@pytest.fixture(scope="module")
def corpus(world):
    return open_corpus(served_pictures(world))


@pytest.fixture
def boards(world):
    keys = [f.key for f in world.listing("boards/") if f.key.endswith("board.json")]
    return [json.loads(world.read(key)) for key in keys]


def deal(boards, corpus, **plan):
    return deal_study(boards, corpus, StudyPlan(**plan))


def test_each_song_has_one_comparison_and_its_share_of_single_pictures(boards, corpus):
    study = deal(boards, corpus, trials=12).study
    kinds = Counter((trial.board_id, trial.real is None) for trial in study.trials)
    assert kinds == {
        (board["board_id"], alone): 3 if alone else 1
        for board in boards
        for alone in (True, False)
    }
    assert [trial.number for trial in study.trials] == list(range(1, 13))


def test_the_real_board_stands_on_its_side_and_both_have_one_size(boards, corpus):
    tiles = {b["board_id"]: [t["image_id"] for t in b["tiles"]] for b in boards}
    for trial in deal(boards, corpus, tiles=9).study.trials:
        if trial.real is None:
            continue
        real = trial.first if trial.real == "first" else trial.second
        assert list(real) == tiles[trial.board_id][:9]
        assert len(trial.first) == len(trial.second) == 9
        assert not {*trial.first} & {*trial.second}


def test_pressing_one_key_throughout_wins_about_half(boards, corpus):
    for seed in range(20):
        trials = deal(boards, corpus, seed=seed).study.trials
        firsts = sum(trial.real == "first" for trial in trials)
        assert firsts in (1, 2), "of three comparisons"


def test_where_the_real_board_stands_does_not_follow_from_the_order(boards, corpus):
    sides = {
        tuple(t.real for t in deal(boards, corpus, seed=seed).study.trials if t.real)
        for seed in range(40)
    }
    assert len(sides) == 6, "every order with one or two of a side"


def test_songs_come_one_after_the_other(boards, corpus):
    for seed in range(5):
        trials = deal(boards, corpus, seed=seed).study.trials
        assert len([*groupby(trial.board_id for trial in trials)]) == len(boards)


def test_a_single_picture_is_on_neither_board_of_its_song(boards, corpus):
    study = deal(boards, corpus, trials=40).study
    compared = {t.board_id: {*t.first, *t.second} for t in study.trials if t.real}
    singles = [(t.board_id, t.first[0]) for t in study.trials if t.real is None]
    assert len(singles) == len(set(singles)) > 20
    assert not any(image_id in compared[board_id] for board_id, image_id in singles)


def test_the_same_seed_is_the_same_study_and_another_is_another(boards, corpus):
    assert deal(boards, corpus, seed=1) == deal(boards[::-1], corpus, seed=1)
    names = {deal(boards, corpus, seed=seed).study.study_id for seed in range(5)}
    assert len(names) == 5


def test_boards_can_be_held_against_other_songs_boards(boards, corpus):
    study = deal(boards, corpus, rival="other_track", tiles=4).study
    stored = {tuple(t["image_id"] for t in board["tiles"][:4]) for board in boards}
    for trial in study.trials:
        assert trial.real is None or {trial.first, trial.second} <= stored


def test_what_cant_be_judged_is_left_out_with_its_reason(boards, corpus):
    gone, twin, fine = boards
    gone["tiles"][0]["image_id"] = "gone"
    twin["track"]["sha256"] = fine["track"]["sha256"]
    dealt = deal(boards, corpus)
    assert {trial.board_id for trial in dealt.study.trials} == {twin["board_id"]}
    assert "have left the corpus" in dealt.left_out[gone["board_id"]]
    assert "same recording" in dealt.left_out[fine["board_id"]]


def test_without_a_board_there_is_no_study(boards, corpus):
    with pytest.raises(BoardError, match="no board is stored"):
        deal([], corpus)
    with pytest.raises(BoardError, match="no other song's board"):
        deal(boards[:1], corpus, rival="other_track")
