"""The page is deterministic, complete, and tells nothing of which side is real."""

import json
import re

import pytest

from evoke_core.corpus.decode import decode_picture, encode_jpeg
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import BoardError
from evoke_core.pages.document import data_uri
from evoke_core.reviews.dealing import StudyPlan
from evoke_core.reviews.making import make_study


@pytest.fixture
def made(store):
    return make_study(store, [], StudyPlan(trials=12, seed=2), listen_s=5)


@pytest.fixture
def page(made, store):
    return store.read(made.page).decode()


def data_of(page):
    text = re.search(r'id="study-data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text[1])


def test_it_names_no_picture_board_or_side(page, made):
    data = data_of(page)
    for trial in made.study.trials:
        for image_id in (*trial.first, *trial.second):
            assert f'"{image_id}"' not in page
        assert trial.board_id not in page
    allowed = {"number", "song", "first", "second"}
    assert all(set(trial) == allowed for trial in data["trials"])
    assert "real" not in json.dumps(data["trials"])


def test_pictures_are_numbered_without_regard_to_the_sides(page, made):
    trials = {trial.number: trial for trial in made.study.trials}
    real, other = [], []
    for shown in data_of(page)["trials"]:
        trial = trials[shown["number"]]
        if trial.real:
            real += shown[trial.real]
            other += shown["second" if trial.real == "first" else "first"]
    assert min(real) < max(other)
    assert min(other) < max(real)
    assert real != sorted(real)


def test_each_picture_is_the_one_that_the_answer_key_says(page, made, store):
    data = data_of(page)
    shown = {trial["number"]: trial for trial in data["trials"]}
    for trial in made.study.trials:
        for side in ("first", "second"):
            for image_id, number in zip(
                getattr(trial, side), shown[trial.number][side], strict=True
            ):
                stored = store.read(thumbnail_key(f"{int(image_id[1:]):02x}" * 32))
                alike = encode_jpeg(
                    decode_picture(stored).rgb, longest_px=96, quality=80
                )
                assert data["pictures"][number] == data_uri(alike)


def test_the_same_store_and_seed_give_the_same_page(page, store):
    again = make_study(store, [], StudyPlan(trials=12, seed=2), listen_s=5)
    assert store.read(again.page).decode() == page


def test_credits_are_complete_and_in_an_order_of_their_own(page, made):
    shown = {i for trial in made.study.trials for i in trial.first + trial.second}
    credited = re.findall(r"credit (\d\d)", page)
    assert sorted(credited) == sorted(image_id[1:] for image_id in shown)


def test_audio_is_linked_and_never_embedded(page, made, store):
    songs = data_of(page)["songs"]
    assert {song["audio"] for song in songs} == {
        f"../../drops/{name}.wav" for name in ("dawn", "march", "storm")
    }
    assert "data:audio" not in page
    assert made.page.count("/") == 2, "as deep as boards, where the link was made"
    assert {song["start_s"] for song in songs} == {1.0}, "its longest section"


def test_a_song_that_cant_be_linked_is_said_to_be_silent(store):
    board = json.loads(store.read("boards/dawn-0/board.json"))
    board["track"]["audio"] = None
    store.write("boards/dawn-0/board.json", json.dumps(board).encode())
    assert make_study(store, [], StudyPlan(), listen_s=5).silent == ("dawn-0",)


def test_a_title_of_markup_stays_text(store):
    board = json.loads(store.read("boards/dawn-0/board.json"))
    board["track"]["title"] = "</script><script>alert(1)</script>"
    store.write("boards/dawn-0/board.json", json.dumps(board).encode())
    made = make_study(store, ["dawn-0"], StudyPlan(), listen_s=5)
    page = store.read(made.page).decode()
    assert "<script>alert" not in page
    assert data_of(page)["songs"][0]["title"] == board["track"]["title"]


def test_the_answer_key_lies_apart_from_the_pages(made):
    assert made.page.startswith("reviews/studies/")
    assert made.answers.startswith("reviews/keys/")


def test_a_board_that_is_not_there_is_named(store):
    with pytest.raises(BoardError, match="no stored board 'dusk-0'"):
        make_study(store, ["dusk-0"], StudyPlan(), listen_s=5)
