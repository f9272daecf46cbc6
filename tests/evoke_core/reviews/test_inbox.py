"""Files are taken once, and set aside with a reason if they can't be."""

import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evoke_core.reviews.dealing import StudyPlan
from evoke_core.reviews.inbox import INBOX, read_ballots, take_verdicts, waiting
from evoke_core.reviews.making import make_study
from evoke_core.reviews.verdict import VerdictRefused

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = "2026-03-01T10:00:00Z"


@pytest.fixture
def study(store):
    return make_study(store, [], StudyPlan(trials=6), listen_s=0).study


def take(store):
    files = waiting(store.listing(INBOX), now_s=time.time())
    return take_verdicts(store, files, now=NOW)


def answer_all(study, *, rater="Ann", saved_at=AT, **changes):
    answers = [
        {
            "trial": trial.number, "heard_s": 5.0, "at": saved_at,
            "answer": "match" if trial.real is None else trial.real,
        }
        for trial in study.trials
    ]  # fmt: skip
    return {
        "schema": "evoke.verdict/1", "kind": "study", "study_id": study.study_id,
        "rater": {"name": rater, "background": "designer"}, "saved_at": saved_at,
        "answers": answers,
    } | changes  # fmt: skip


def judge_board(**changes):
    return {
        "schema": "evoke.verdict/1", "kind": "board", "board_id": "dawn-0",
        "rater": {"name": "", "background": "unstated"}, "saved_at": AT,
        "locked": ["p01", "p02"], "dropped": ["p03"],
    } | changes  # fmt: skip


def test_a_study_verdict_is_looked_up_in_the_answer_key(store, study, drop):
    drop("verdict.json", answer_all(study, rater="  ANN  Lee "))
    [taken] = take(store)
    assert taken.reason is None
    [ballot] = read_ballots(store)
    assert ballot.rater == "ann lee"
    assert ballot.background == "designer"
    assert all(choice.is_real for choice in ballot.choices)
    singles = [trial for trial in study.trials if trial.real is None]
    assert [(v.track_id, v.image_id, v.is_match) for v in ballot.votes] == [
        (trial.track_id, trial.first[0], True) for trial in singles
    ]


def test_the_wrong_side_and_no_side_are_known_for_what_they_are(store, study, drop):
    verdict = answer_all(study)
    compared = [trial for trial in study.trials if trial.real is not None]
    swapped = {"first": "second", "second": "first"}[compared[0].real]
    verdict["answers"][compared[0].number - 1]["answer"] = swapped
    verdict["answers"][compared[1].number - 1]["answer"] = "unsure"
    drop("verdict.json", verdict)
    take(store)
    [ballot] = read_ballots(store)
    said = {choice.trial: choice.is_real for choice in ballot.choices}
    assert said[compared[0].number] is False
    assert said[compared[1].number] is None


def test_kept_and_dropped_pictures_of_a_board_are_votes(store, drop):
    drop("board.json", judge_board())
    take(store)
    [ballot] = read_ballots(store)
    assert [(v.image_id, v.is_match) for v in ballot.votes] == [
        ("p01", True), ("p02", True), ("p03", False),
    ]  # fmt: skip
    assert {vote.track_id for vote in ballot.votes} == {"dawn-0"}
    assert ballot.rater.startswith("unnamed "), "people without a name are not one"


def test_a_file_is_taken_once_and_leaves_the_inbox(store, study, drop):
    for name in ("verdict.json", "verdict (1).json"):
        drop(name, answer_all(study))
    assert len(take(store)) == 2
    drop("verdict.json", answer_all(study))
    take(store)
    assert len(list(read_ballots(store))) == 1
    assert list(store.listing(INBOX)) == []


def test_a_ballot_stands_when_its_board_and_study_have_gone(store, study, drop):
    drop("a.json", answer_all(study))
    drop("b.json", judge_board())
    take(store)
    for found in [*store.listing("boards/"), *store.listing("reviews/keys/")]:
        store.delete(found.key)
    assert len(list(read_ballots(store))) == 2


@pytest.mark.parametrize(
    ("damage", "place"),
    [(lambda raw: raw[:40], "file: "), (lambda raw: b'{"digest": "d"}', "rater: ")],
)
def test_a_damaged_ballot_is_named_and_its_verdict_can_be_taken_again(
    store, study, drop, damage, place
):
    drop("a.json", answer_all(study))
    [taken] = take(store)
    key = f"reviews/ballots/{taken.digest}.json"
    whole = store.read(key)
    store.write(key, damage(whole))

    with pytest.raises(VerdictRefused, match=f"{key}: {place}.*delete it") as refused:
        list(read_ballots(store))
    assert refused.value.reason == "damaged_ballot"

    store.delete(key)
    drop("again.json", store.read(f"reviews/taken/{taken.digest}.json"))
    take(store)
    assert store.read(key) == whole


def wrong(study):
    whole = answer_all(study)
    first = whole["answers"][0]
    pair = next(trial.number for trial in study.trials if trial.real)
    future = "2026-03-05T10:00:00Z"
    return {
        "invalid": b'{"schema": "evoke.verdict/1"}',
        "too_large": b" " * 300_000,
        "unknown_study": whole | {"study_id": "study-" + "0" * 12},
        "duplicate_trial": whole | {"answers": [first, first]},
        "unknown_trial": whole | {"answers": [first | {"trial": 7}]},
        "wrong_answer": whole
        | {"answers": [first | {"trial": pair, "answer": "match"}]},
        "in_the_future": answer_all(study, saved_at=future),
        "unknown_board": judge_board(board_id="dusk-0"),
        "unknown_picture": judge_board(locked=["p99"]),
        "contradiction": judge_board(dropped=["p01"]),
        "empty": judge_board(locked=[], dropped=[]),
    }


def test_each_refusal_is_moved_aside_beside_its_reason(store, study, drop):
    files = wrong(study)
    for reason, content in files.items():
        drop(f"{reason}.json", content)
    took = {taken.name: taken for taken in take(store)}
    assert {name: taken.reason for name, taken in took.items()} == {
        f"{reason}.json": reason for reason in files
    }
    for taken in took.values():
        record = json.loads(store.read(f"reviews/refused/{taken.digest}.json"))
        assert (record["file"], record["reason"]) == (taken.name, taken.reason)
        assert record["message"]
        assert store.exists(record["moved_to"])
    assert list(store.listing(INBOX)) == []
    assert list(read_ballots(store)) == []


def test_one_bad_file_keeps_no_good_one_out(store, study, drop):
    drop("a.json", b"torn")
    drop("b.json", answer_all(study))
    assert [taken.reason for taken in take(store)] == ["invalid", None]


def test_what_is_still_being_copied_or_no_verdict_waits(store):
    for name in ("fresh.json", ".hidden.json", "verdict.json.part", "notes.txt"):
        store.write(f"{INBOX}{name}", b"{}")
    listing = list(store.listing(INBOX))
    assert waiting(listing, now_s=time.time()) == []
    settled = waiting(listing, now_s=time.time() + 60)
    assert [found.key for found in settled] == [f"{INBOX}fresh.json"]


def test_a_stamp_of_the_future_keeps_no_verdict_waiting(store):
    store.write(f"{INBOX}verdict.json", b"{}")
    [found] = store.listing(INBOX)
    ahead = [replace(found, modified_s=found.modified_s + 86_400)]
    assert waiting(ahead, now_s=found.modified_s) == ahead


def test_a_file_that_is_far_too_large_is_named_and_neither_read_nor_moved(store, drop):
    drop("film.json", b"")
    film, then = store.locate(f"{INBOX}film.json"), time.time() - 60
    os.truncate(film, 64 * 1024**2 + 1)
    os.utime(film, (then, then))
    [taken] = take(store)
    assert (taken.name, taken.reason) == ("film.json", "too_large")
    record = json.loads(store.read(f"reviews/refused/{taken.digest}.json"))
    assert record["size_bytes"] == 64 * 1024**2 + 1
    assert record["moved_to"] == f"{INBOX}film.json"
    assert [found.key for found in store.listing(INBOX)] == [f"{INBOX}film.json"]
    assert take(store) == [taken], "it is named each time"


def test_a_file_that_was_replaced_while_it_was_read_is_not_lost(store, study, drop):
    drop("verdict.json", answer_all(study))
    files = waiting(store.listing(INBOX), now_s=time.time())
    drop("verdict.json", answer_all(study, rater="Bo-Josephine"))
    take_verdicts(store, files, now=NOW)
    assert store.exists(f"{INBOX}verdict.json")


def test_a_file_that_was_taken_back_is_passed_over(store, study, drop):
    drop("verdict.json", answer_all(study))
    files = waiting(store.listing(INBOX), now_s=time.time())
    store.delete(f"{INBOX}verdict.json")
    assert take_verdicts(store, files, now=NOW) == []
