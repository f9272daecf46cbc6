"""Many words become one: the last of each rater, the majority of all."""

from datetime import UTC, date, datetime, timedelta

import pytest

from evoke_core.reviews.ballot import Ballot, Vote
from evoke_core.reviews.curated import Names, curate, last_words
from evoke_core.schemas import validate

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NO_COPIES = Names(keepers={}, tracks={})


def ballot(rater, said, *, background="neither", days=0, recording="r", track="t"):
    at = NOW + timedelta(days=days)
    votes = [Vote(track, recording, image, fits, at) for image, fits in said.items()]
    return Ballot(f"{rater}{days}", rater, background, tuple(votes), ())


def pairs(*ballots, names=NO_COPIES):
    frame = curate(last_words(ballots, names))
    return validate("curated_pairs", frame).to_dicts()


def test_most_raters_decide_and_their_share_is_kept():
    [pair] = pairs(
        ballot("ann", {"p": True}, background="musician"),
        ballot("bo", {"p": True}, background="designer", days=2),
        ballot("cy", {"p": False}, background="designer", days=1),
    )
    assert pair.pop("agreement") == pytest.approx(2 / 3)
    assert pair == {
        "track_id": "t", "image_id": "p", "match": 1, "raters": 3, "musicians": 1,
        "designers": 2, "judged_on": date(2026, 3, 3),
    }  # fmt: skip


def test_a_tie_is_left_out():
    assert pairs(ballot("ann", {"p": True}), ballot("bo", {"p": False})) == []


def test_a_raters_last_word_counts_once_in_whatever_order_files_come():
    first, last = ballot("ann", {"p": True}), ballot("ann", {"p": False}, days=1)
    for both in ((first, last), (last, first)):
        [pair] = pairs(*both)
        assert (pair["match"], pair["raters"]) == (0, 1)


def test_being_unsure_at_last_takes_a_word_back():
    assert pairs(ballot("ann", {"p": True}), ballot("ann", {"p": None}, days=1)) == []


def test_words_on_copies_of_a_picture_are_words_on_the_one_that_is_kept():
    names = Names(keepers={"copy": "kept", "kept": "kept"}, tracks={})
    [pair] = pairs(
        ballot("ann", {"copy": True}), ballot("bo", {"kept": True}), names=names
    )
    assert (pair["image_id"], pair["raters"]) == ("kept", 2)
    [pair] = pairs(
        ballot("ann", {"copy": True}), ballot("ann", {"kept": False}, days=1),
        names=names,
    )  # fmt: skip
    assert (pair["match"], pair["raters"]) == (0, 1), "one rater has one vote"


def test_two_drops_of_one_recording_are_one_track():
    two = (
        ballot("ann", {"p": True}, track="drop-2"),
        ballot("bo", {"p": True}, track="drop-1"),
        ballot("cy", {"p": False}, track="other", recording="another"),
    )
    assert [pair["track_id"] for pair in pairs(*two)] == ["drop-1", "other"]
    library = Names(keepers={}, tracks={"r": "library-7"})
    assert pairs(*two, names=library)[0]["track_id"] == "library-7"


def test_no_words_are_an_empty_table():
    assert pairs() == []
