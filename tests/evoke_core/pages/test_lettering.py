"""Letters: names of the world where there are glyphs, never an empty box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.pages.lettering import fitted, legible, typeface, wrapped


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
        ("👩\u200d🎤 🌙\ufe0f", ""),
    ],
)
def test_what_cannot_be_drawn_is_left_out(text, kept):
    assert legible(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("夜に駆ける 🌙 曲 (Live at 武道館)", "… (Live at …)"),
        ("night 🌙 train", "night train"),
        ("武道館", ""),
        ("\0 a", "a"),
    ],
)
def test_a_gap_stands_for_letters_that_were_lost(text, kept):
    assert legible(text, gap="…") == kept


@given(st.text(), st.integers(60, 400), st.integers(1, 4))
def test_wrapped_lines_stay_in_their_room(text, room_px, most):
    face = typeface(13)
    lines = wrapped(legible(text), room_px, face, most=most)
    assert 1 <= len(lines) <= most
    assert all(face.getlength(line) <= room_px for line in lines)


def test_a_line_is_broken_at_its_blanks_and_the_last_is_cut():
    face = typeface(20)
    room_px = face.getlength("one two")
    assert wrapped("one two", room_px, face, most=2) == ["one two"]
    assert wrapped("one two one", room_px, face, most=2) == ["one two", "one"]
    first, last = wrapped("one two one two one", room_px, face, most=2)
    assert first == "one two"
    assert last.endswith("…")
    assert wrapped("", room_px, face, most=2) == [""]


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
