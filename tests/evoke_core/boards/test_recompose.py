"""A stored board made anew: other pictures, the same song, no sound touched."""

import json
from dataclasses import replace

import pytest

from evoke_core.boards.compose import compose_board
from evoke_core.boards.options import PLAIN, BoardOptions
from evoke_core.boards.recompose import recompose
from evoke_core.errors import BoardError, TrackRefused
from evoke_core.index.filters import Filters

MOVED = BoardOptions({"warmth": 0.8, "complexity": -1.0})
OF_THE_SONG = (
    "track", "moods", "mood_scores", "emotion_profile", "arc", "sections",
)  # fmt: skip


@pytest.fixture
def stored(song, chord, desk):
    """The document as a reader of the store has it."""
    return json.loads(json.dumps(compose_board(song, chord, desk).document))


@pytest.fixture
def deaf(desk):
    """A desk that can't listen."""
    return replace(desk, encoder=None)


def shown(document):
    return [tile["image_id"] for tile in document["tiles"]]


def scores(document):
    return [tile["score"] for tile in document["tiles"]]


def test_moved_sliders_give_what_composing_with_them_gives(
    song, chord, desk, stored, deaf
):
    anew = compose_board(song, chord, desk, MOVED).document
    found = recompose(stored, deaf, MOVED).document
    differ = {name for name in found if found[name] != anew.get(name)}
    assert differ == {"board_id", "refined_from"}
    assert scores(found) != scores(stored)


def test_what_was_heard_stays(stored, deaf):
    found = recompose(stored, deaf, MOVED).document
    for name in OF_THE_SONG:
        assert found[name] == stored[name]
    assert found["refinement"]["queries"] == stored["refinement"]["queries"]


def test_the_new_board_names_its_origin_and_its_options(stored, deaf):
    found = recompose(stored, deaf, MOVED).document
    assert found["refined_from"] == "chord-1"
    assert found["board_id"] == f"chord-1--{MOVED.digest()[:8]}"
    assert found["refinement"]["setting"] == {"warmth": 0.8, "complexity": -1.0}


def test_a_cover_stays_beside_the_board_that_it_hangs_on(stored, deaf):
    cover = {"image": "cover.png", "alt": "Dusk", "credit": "", "licence": ""}
    anew = recompose(stored | {"cover": cover}, deaf, MOVED)
    assert "cover" not in anew.document
    assert "cover.png" not in anew.page


def test_refining_a_refined_board_starts_from_the_song(stored, deaf):
    other = BoardOptions({"energy": -0.5}, size=4)
    once = recompose(stored, deaf, MOVED).document
    assert recompose(once, deaf, other).document == (
        recompose(stored, deaf, other).document
    )


def test_sliders_back_at_rest_are_the_plain_board(stored, deaf):
    found = recompose(recompose(stored, deaf, MOVED).document, deaf, PLAIN).document
    assert found["tiles"] == stored["tiles"]
    assert found["refinement"] == stored["refinement"]


def test_a_size_of_its_own_is_kept(stored, deaf):
    found = recompose(stored, deaf, BoardOptions(size=3)).document
    assert len(found["tiles"]) == found["refinement"]["board_size"] == 3


def test_filters_leave_only_what_passes(stored, deaf):
    filters = Filters(sources=("south",))
    found = recompose(stored, deaf, BoardOptions(filters=filters)).document
    assert {one["source"] for one in found["candidates"]} == {"south"}
    assert found["refinement"]["filters"] == {
        "sources": ["south"], "licences": [], "moods": [],
    }  # fmt: skip


def test_few_that_pass_make_a_smaller_board_that_says_so(stored, deaf):
    asked = BoardOptions(size=30, filters=Filters(sources=("south",)))
    found = recompose(stored, deaf, asked).document
    # eight are of the south; four are Ann's, who has at most four
    assert len(found["tiles"]) == 8
    assert found["notes"] == ["8 tiles instead of 30: no more pass its filters"]


def test_filters_that_nothing_passes_say_what_there_is(stored, deaf):
    asked = BoardOptions(filters=Filters(sources=("west",), licences=("CC0-1.0",)))
    with pytest.raises(
        BoardError, match=r"sources \['west'\].*sources north, south; licences CC0"
    ):
        recompose(stored, deaf, asked)


def test_a_song_whose_filters_nothing_passes_is_refused_before_it_is_heard(
    song, chord, deaf
):
    asked = BoardOptions(filters=Filters(sources=("west",)))
    with pytest.raises(TrackRefused, match="there are sources north, south") as refusal:
        compose_board(song, chord, deaf, asked)
    assert refusal.value.reason == "bad_options"


def test_a_document_without_mood_scores_can_be_refined(stored, deaf):
    older = {name: stored[name] for name in stored if name != "mood_scores"}
    assert shown(recompose(older, deaf, MOVED).document) == shown(
        recompose(stored, deaf, MOVED).document
    )


@pytest.mark.parametrize("which", ["image_encoder", "music_encoder"])
def test_a_board_of_other_encoders_is_not_refined(stored, deaf, which):
    stored["release"][which] = "another/1"
    with pytest.raises(BoardError, match=r"another/1.*compose the song again"):
        recompose(stored, deaf, MOVED)


def test_vectors_of_another_length_are_not_refined(stored, deaf):
    stored["refinement"]["dimension"] = 99
    with pytest.raises(BoardError, match="length 99, the release has 12"):
        recompose(stored, deaf, MOVED)


def test_the_bridge_that_asked_is_named_under_a_later_release(stored, deaf):
    later = replace(deaf.release, kind="bridge", collection="images_1", licence="CC0")
    found = recompose(stored, replace(deaf, release=later), MOVED).document
    assert found["release"]["bridge"] == "ridge"
    assert found["release"]["release_id"] == later.release_id


def test_a_note_on_the_song_stays_and_is_said_once(stored, deaf):
    stored["track"]["note"] = "broke off"
    small = BoardOptions(size=30, filters=Filters(sources=("south",)))
    once = recompose(stored, deaf, small).document
    twice = recompose(once, deaf, small).document
    assert twice["notes"] == once["notes"]
    assert once["notes"][0] == "broke off"
    assert len(once["notes"]) == 2
