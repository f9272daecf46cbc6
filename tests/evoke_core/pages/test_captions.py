"""The words on a page: why a picture is here, and what the board was asked for."""

import pytest

from evoke_core.pages.captions import (
    description,
    lineage,
    notes,
    reason,
    setting,
    span,
    why,
)

SECTION = {"label": "B", "start_s": 20.0, "end_s": 33.4}


def board(**refinement):
    axes = [
        {"name": "energy", "low": "calm", "high": "energetic"},
        {"name": "warmth", "low": "cool", "high": "warm"},
    ]
    return {"refinement": {"axes": axes} | refinement}


def test_why_names_moods_and_section_or_the_whole_song():
    assert why(["serene", "dark"], SECTION) == "serene and dark · section B"
    assert why([], SECTION) == "section B"
    assert why([], None) == "close to the whole song"


def test_the_reason_is_a_sentence():
    place = f"nearest to section B ({span(SECTION)})."
    assert reason(["a", "b"], SECTION) == f"Shares a and b with the song, {place}"
    assert reason(["a"], None) == "Shares a with the song."
    assert reason([], None) == "Close to the song as a whole."


def test_a_plain_board_has_no_lineage():
    assert lineage(board()) is None
    assert lineage(board(setting={}, filters={"sources": [], "moods": []})) is None


def test_lineage_says_sliders_and_filters_in_words():
    asked = board(
        setting={"energy": 0.25, "warmth": -1.0},
        filters={"sources": ["a", "b", "c"], "moods": ["dark"]},
    )
    assert lineage(asked) == {
        "said": [
            "It leans 25 % towards energetic and 100 % towards cool.",
            "Only pictures from a, b or c, that feel dark are shown.",
        ],
        "link": None,
    }


@pytest.mark.parametrize("origin", ["../../x", "a/b", '"><b>', "javascript:x"])
def test_the_link_to_the_origin_names_a_board_and_nothing_else(origin):
    link = lineage(board() | {"refined_from": origin})["link"]
    assert link.startswith("../")
    assert link.count("/") == 2
    assert not set('<>":') & set(link)


def test_a_setting_holds_the_sliders_that_moved_and_exist():
    assert setting(board()) == {}
    moved = {"energy": 0, "warmth": 0.5, "taste": 1}
    assert setting(board(setting=moved)) == {"warmth": 0.5}


def test_a_note_is_said_once():
    said = {"track": {"note": "cut short"}, "notes": ["cut short", "12 tiles"]}
    assert notes(said) == ["cut short", "12 tiles"]


def test_the_description_counts_pictures_and_names_moods():
    described = {
        "track": {"title": "Dawn", "artist": "Ann"},
        "moods": [{"mood": "serene"}, {"mood": "warm"}],
        "tiles": [1, 2, 3],
    }
    assert description(described) == (
        "3 pictures that feel like Dawn by Ann: serene, warm."
    )
    assert description(described | {"moods": [], "tiles": [1]}) == (
        "1 picture that feels like Dawn by Ann."
    )
