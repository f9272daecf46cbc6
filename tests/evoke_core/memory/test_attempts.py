"""A song is charged with the runs that broke over it, and with no others."""

import pytest

from evoke_core.errors import TrackRefused
from evoke_core.memory.attempts import Attempts, attempt, read_attempts


def test_what_ends_well_was_no_attempt(store):
    with attempt(store, "a-1"):
        assert read_attempts(store, "a-1").count == 1

    assert read_attempts(store, "a-1") == Attempts()


def test_what_breaks_counts_and_says_by_what(store):
    for _ in range(2):
        with pytest.raises(RuntimeError), attempt(store, "a-1"):
            raise RuntimeError("out of memory")

    assert read_attempts(store, "a-1") == Attempts(2, "RuntimeError: out of memory")


def test_a_killed_process_counts_too(store):
    with pytest.raises(KeyboardInterrupt), attempt(store, "a-1"):
        raise KeyboardInterrupt  # as little is written as when it is killed

    assert read_attempts(store, "a-1").count == 1
    assert "killed" in read_attempts(store, "a-1").error


def test_a_refused_song_broke_nothing(store):
    with pytest.raises(TrackRefused), attempt(store, "a-1"):
        raise TrackRefused("gone", "its sound is gone")

    assert read_attempts(store, "a-1") == Attempts()


def test_a_record_that_can_not_be_read_is_no_attempt(store):
    store.write("private/memory/a-1/attempt.json", b"{]")

    assert read_attempts(store, "a-1") == Attempts()
