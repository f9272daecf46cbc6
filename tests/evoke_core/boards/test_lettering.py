"""Letters: names of the world where there are glyphs, never an empty box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.boards.lettering import fitted, legible, typeface


@pytest.mark.parametrize(
    "name",
    ["Théodore Géricault", "Dvořák", "Œuvre", "Кандинский", "שלום", "مساء الخير"],
)
def test_names_with_accents_and_other_alphabets_are_kept(name):
    assert legible(name) == name


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("night 葛飾 🌙 train", "night train"),
        ("two\nlines\tand  gaps", "two lines and gaps"),
        ("turned \u202eround", "turned round"),
        ("nul\x00 bell\x07", "nul bell"),
        ("e\u0301tude", "étude"),
        ("🌙", ""),
    ],
)
def test_what_cannot_be_drawn_is_left_out(text, kept):
    assert legible(text) == kept


@given(st.text(), st.integers(40, 400))
def test_a_fitted_line_stays_in_its_room(text, room_px):
    face = typeface(13)
    assert face.getlength(fitted(legible(text), room_px, face)) <= room_px


def test_a_line_is_cut_no_earlier_than_it_must():
    face = typeface(20)
    whole = "a board for every song"
    assert fitted(whole, face.getlength(whole), face) == whole
    cut = fitted(whole, face.getlength(whole) - 1, face)
    assert cut.endswith("…")
    assert whole.startswith(cut[:-1])
    longer = whole[: len(cut)].rstrip() + "…"
    assert face.getlength(longer) > face.getlength(whole) - 1


def test_bold_is_another_weight():
    assert typeface(20, bold=True).getname() != typeface(20).getname()
