"""Several processes at one store: the end is that of one after the other.

Held apart by a pool of Dagster: all that opens the index (boards, index, release,
roll-back), all that encodes. Not held apart, and tried here: publishing from two code
locations, galleries, ticks, verdicts, and readers of all of them.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evoke_core.boards.cards import TABLE
from evoke_core.boards.shelf import GALLERY
from evoke_core.release import publish, read_previous_release, read_release
from evoke_core.reviews.inbox import BALLOTS, INBOX, REFUSED, read_ballots
from evoke_core.reviews.study import Trial, name_study, write_study
from evoke_core.storage.address import open_store
from evoke_core.storage.local import LocalStore
from tests.aws import environment_of
from tests.proof.together import (
    at_once,
    publish_many,
    put_songs,
    read_galleries,
    read_releases,
    release_of,
    require_whole,
    roll_back_often,
    settled_of,
    shelve_many,
    take_often,
    tick_often,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BOTH = pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.slow)])


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """The address of an empty store, and the environment that leads to it."""
    if request.param == "folder":
        return (tmp_path / "store").as_uri(), {}
    address = request.getfixturevalue("aws")
    open_store("s3://together/x").client.create_bucket(Bucket="together")
    return f"s3://together/{tmp_path.name}", environment_of(address)


@BOTH
def test_readers_see_whole_releases_whoever_publishes(place, rounds: int) -> None:
    uri, environment = place
    store, count = open_store(uri), 60 * rounds
    publish(store, release_of(1))
    publish(store, release_of(2))
    faults = at_once(
        (publish_many, (uri, 1000, count)),
        (publish_many, (uri, 9000, count)),
        (roll_back_often, (uri, count)),
        (read_releases, (uri, 1.0 * rounds)),
        environment=environment,
    )
    assert faults == []
    require_whole(read_release(store))
    require_whole(read_previous_release(store))
    assert [found.key for found in store.listing("")] == ["release.json"]


@BOTH
def test_no_board_is_left_out_of_a_gallery_that_two_runs_hang(place, rounds) -> None:
    uri, environment = place
    store, count = open_store(uri), 10 * rounds
    faults = at_once(
        (shelve_many, (uri, "a", count, 3)),
        (shelve_many, (uri, "b", count, 4)),
        (read_galleries, (uri, 1.0 * rounds)),
        environment=environment,
    )
    assert faults == []
    page = store.read(GALLERY).decode()
    shown = set(re.findall(r"([ab]-\d{3})/board\.html", page))
    assert shown == {f"{run}-{n:03d}" for run in "ab" for n in range(count)}
    # A card that one run lost is made again by the next; none is wrong.
    cards = json.loads(store.read(TABLE))["boards"]
    assert all(entry["card"]["board_id"] == name for name, entry in cards.items())


@BOTH
def test_two_sensors_leave_no_song_behind_and_tear_no_ticket(place, rounds) -> None:
    uri, environment = place
    count = 30 * rounds
    faults = at_once(
        (put_songs, (uri, count)),
        (tick_often, (uri, 12 * rounds, 1)),
        (tick_often, (uri, 12 * rounds, 2)),
        environment=environment,
    )
    assert faults == []
    tick_often(uri, count, 3)  # what was put last is seen by the next ticks
    assert settled_of(uri) == []


@BOTH
def test_two_runs_take_each_verdict_once(tmp_path: Path, rounds: int) -> None:
    store = LocalStore(tmp_path)
    trial = Trial(1, "b", "t", "0" * 64, "bridge", ("p1",), (), None)
    study = name_study((trial,), seed=1, rival="random")
    write_study(store, study)
    count = 15 * rounds
    for number in range(count):
        verdict = {
            "schema": "evoke.verdict/1", "kind": "study", "study_id": study.study_id,
            "rater": {"name": f"r{number}", "background": "neither"},
            "saved_at": "2026-11-01T12:00:00Z",
            "answers": [{"trial": 1, "answer": "match", "heard_s": 1.0,
                         "at": "2026-11-01T12:00:00Z"}],
        }  # fmt: skip
        store.write(f"{INBOX}{number:04d}.json", json.dumps(verdict).encode())
        store.write(f"{INBOX}bad{number:04d}.json", b"{" * (number + 1))
    uri = store.uri
    assert at_once(*[(take_often, (uri, 3, NOW))] * 3) == []
    assert list(store.listing(INBOX)) == []
    assert len(list(store.listing(BALLOTS))) == count
    assert {ballot.rater for ballot in read_ballots(store)} == {
        f"r{number}" for number in range(count)
    }
    assert len(list(store.listing(REFUSED))) == 2 * count
