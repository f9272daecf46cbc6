"""A verdict file is read strictly; what is wrong with a hostile one is said."""

import json

import pytest

from evoke_core.reviews.verdict import MAX_BYTES, VerdictRefused, read_verdict

STUDY = {
    "schema": "evoke.verdict/1",
    "kind": "study",
    "study_id": "study-0123456789ab",
    "rater": {"name": "Ann", "background": "musician"},
    "saved_at": "2026-03-01T10:00:00.000Z",
    "answers": [
        {"trial": 1, "answer": "first", "heard_s": 7, "at": "2026-03-01T09:59:00Z"}
    ],
}
BOARD = {
    "schema": "evoke.verdict/1",
    "kind": "board",
    "board_id": "night-garden-68d4561488",
    "rater": {"name": "", "background": "unstated"},
    "saved_at": "2026-03-01T10:00:00+01:00",
    "locked": ["a"],
    "dropped": ["b"],
}


def read(document):
    return read_verdict(json.dumps(document).encode())


def test_both_kinds_are_read_as_the_pages_write_them():
    study, board = read(STUDY), read(BOARD)
    assert study.answers[0].answer == "first"
    assert study.rater.background == "musician"
    assert board.locked == ["a"]
    assert board.saved_at.utcoffset().total_seconds() == 3600


def test_markup_in_a_name_is_a_name():
    rater = STUDY["rater"] | {"name": "<script>alert(1)</script>"}
    assert read(STUDY | {"rater": rater}).rater.name == "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"schema": "evoke.verdict/2"}, "schema"),
        ({"kind": "poll"}, "file"),
        ({"study_id": "../../release"}, "study_id"),
        ({"study_id": "study-0123456789ab\n"}, "study_id"),
        ({"saved_at": "2026-03-01T10:00:00"}, "saved_at"),
        ({"answers": []}, "answers"),
        ({"answers": [STUDY["answers"][0] | {"trial": "1"}]}, "answers.0.trial"),
        ({"answers": [STUDY["answers"][0] | {"trial": True}]}, "answers.0.trial"),
        ({"answers": [STUDY["answers"][0] | {"answer": "both"}]}, "answers.0.answer"),
        ({"answers": [STUDY["answers"][0] | {"heard_s": -1}]}, "answers.0.heard_s"),
        ({"answers": [STUDY["answers"][0]] * 2001}, "answers"),
        ({"rater": {"name": "x" * 61, "background": "neither"}}, "rater.name"),
        ({"rater": {"name": "a\x1b[2J", "background": "neither"}}, "rater.name"),
        ({"rater": {"name": "a\u202eb", "background": "neither"}}, "rater.name"),
        ({"rater": {"name": "a", "background": "critic"}}, "rater.background"),
        ({"more": 1}, "more"),
    ],
)
def test_a_wrong_field_is_refused_by_its_place(change, place):
    with pytest.raises(VerdictRefused, match=f"{place}: .* got ") as caught:
        read(STUDY | change)
    assert caught.value.reason == "invalid"
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"not json", b"[]", b"null", b"\xff\xfe", b"[" * 5000,
        json.dumps(STUDY).encode()[:-5],
        json.dumps(STUDY).replace('"heard_s": 7', '"heard_s": NaN').encode(),
        json.dumps(STUDY).replace("Ann", "\\ud800").encode(),
    ],
)  # fmt: skip
def test_what_is_no_verdict_is_refused(raw):
    with pytest.raises(VerdictRefused) as caught:
        read_verdict(raw)
    assert caught.value.reason == "invalid"


def test_a_huge_file_is_refused_before_it_is_parsed():
    with pytest.raises(VerdictRefused, match="at most") as caught:
        read_verdict(b"[" * (MAX_BYTES + 1))
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize(
    "board_id", ["..", "a/b", "", "a\\b", ".hidden", "x" * 121, "a\0"]
)
def test_a_board_is_named_by_what_is_safe_in_a_path(board_id):
    with pytest.raises(VerdictRefused, match="board_id"):
        read(BOARD | {"board_id": board_id})
