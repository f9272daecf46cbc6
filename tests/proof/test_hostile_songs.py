"""Hostile songs end as boards or rows, or are refused with a reason that is named."""

import ctypes
import os
import socket
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from evoke_core.drops.drop import drop_of
from evoke_core.errors import TrackRefused
from evoke_core.music.decode import decode_audio
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.listen import listen
from evoke_core.music.survey import Survey
from evoke_core.schemas import validate
from evoke_core.serving.serve import serve_drops
from tests.evoke_core.boards.conftest import (  # noqa: F401 (fixtures)
    desk,
    encoder,
    index,
    run_profile,
    store,
    vocabulary,
)
from tests.proof.hostile_runs import RULES, hear, hear_apart
from tests.proof.hostile_songs import make_long_songs, make_songs, playlists
from tests.proof.hostile_sounds import (
    RATE,
    REFUSED,
    SERVED,
    HostileSong,
    by_libsndfile,
    refused,
    served,
    tune,
)

MEMORY_BYTES = 700 * 2**20  # of any process; the three hours alone are 173 MB
_IN_OPEN = 0x20


def end_of(song: HostileSong) -> str:
    """Decode a song and check what was read of it."""
    try:
        track = decode_audio(song.data)
    except TrackRefused as refusal:
        return refusal.reason if len(str(refusal)) > 20 else "without a word"
    assert np.isfinite(track.samples).all()
    assert np.abs(track.samples).max() <= 1
    if song.is_tune:
        assert track.note is None
        part = track.samples[RATE : 3 * RATE]  # two seconds, so half hertz each
        assert np.abs(np.fft.rfft(part)).argmax() / 2 == pytest.approx(440, abs=1)
    return SERVED


def unclaimed(songs: Sequence[HostileSong]) -> dict[str, str]:
    """Name the songs that end otherwise than they may."""
    ends = {song.name: end_of(song) for song in songs}
    return {s.name: ends[s.name] for s in songs if ends[s.name] not in s.ends}


@pytest.fixture(scope="module")
def songs() -> list[HostileSong]:
    made = list(make_songs())
    assert len(made) >= 300
    assert len({song.name for song in made}) == len(made)
    return made


def test_some_of_every_kind_decode_as_claimed(songs: list[HostileSong]) -> None:
    assert unclaimed(songs[::5]) == {}


def test_a_stream_that_a_damaged_file_announces_late_ends_it(
    songs: list[HostileSong],
) -> None:
    (song,) = (song for song in songs if song.name == "flipped-5.ts")
    assert decode_audio(song.data).note  # PyAV raises an IndexError on the way


@pytest.mark.slow
def test_all_decode_as_claimed(songs: list[HostileSong]) -> None:
    assert unclaimed(songs) == {}


def test_some_are_heard_with_finite_vectors_or_refused(
    songs: list[HostileSong],
) -> None:
    ears, some, ends = HandcraftedMusicEncoder(), songs[3::29], {}
    for song in some:
        try:
            heard = listen(song.data, ears, RULES)
        except TrackRefused as refusal:
            ends[song.name] = refusal.reason
            continue
        lengths = np.linalg.norm(heard.embeddings, axis=1)
        assert np.allclose(lengths, 1, atol=1e-4), song.name
        assert np.isfinite(heard.affects).all(), song.name
        ends[song.name] = SERVED
    assert [song.name for song in some if ends[song.name] not in song.ends] == []


class Watch:
    """Sees whether a file was opened, by whomever, and whether a port was called."""

    def __init__(self, secret: Path, listener: socket.socket) -> None:
        self.secret, self.port = secret, listener.getsockname()[1]
        self._listener = listener
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._events = self._libc.inotify_init1(os.O_NONBLOCK)
        self._libc.inotify_add_watch(self._events, os.fsencode(secret), _IN_OPEN)

    def was_opened(self) -> bool:
        """Say whether the file was opened since it was asked last."""
        try:
            return bool(os.read(self._events, 4096))
        except BlockingIOError:
            return False

    def was_called(self) -> bool:
        """Say whether anybody connected since it was asked last."""
        try:
            caller, _ = self._listener.accept()
        except BlockingIOError:
            return False
        caller.close()
        return True

    def close(self) -> None:
        """Watch no longer."""
        os.close(self._events)


@contextmanager
def watching(folder: Path) -> Iterator[Watch]:
    secret = folder / "secret.wav"
    secret.write_bytes(by_libsndfile(tune(), "wav"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        watch = Watch(secret, listener)
        try:
            yield watch
        finally:
            watch.close()


@pytest.mark.skipif(sys.platform != "linux", reason="needs inotify")
def test_no_playlist_opens_another_file_or_calls_anybody(tmp_path: Path) -> None:
    with watching(tmp_path) as watch:
        assert watch.secret.read_bytes()
        assert watch.was_opened(), "the watch sees what it should"
        socket.create_connection(("127.0.0.1", watch.port)).close()
        assert watch.was_called()

        asking = list(playlists(str(watch.secret), watch.port))
        assert unclaimed(asking) == {}
        for song in asking:  # by its path, too, which says where it lies
            path = tmp_path / song.name
            path.write_bytes(song.data)
            assert end_of(SimpleNamespace(data=path, is_tune=False)) in song.ends

        assert not watch.was_opened()
        assert not watch.was_called()


def lay(songs: Sequence[HostileSong], folder: Path) -> Path:
    folder.mkdir()
    for song in songs:
        (folder / song.name).write_bytes(song.data)
    return folder


def ends_of(songs: Sequence[HostileSong], heard: Survey) -> dict[str, str]:
    """Say how each song of a library ended, in the tables."""
    refusals = validate("track_refusals", heard.refusals)
    profiles = validate("track_profiles", heard.profiles)
    embeddings = validate("track_embeddings", heard.embeddings)
    assert set(profiles["track_id"]) == set(embeddings["track_id"])
    ends = dict(refusals.select("source_key", "reason").iter_rows())
    assert refusals["detail"].str.len_chars().min() > 20
    rest = {song.name for song in songs} - ends.keys()
    assert len(rest) == embeddings["track_id"].n_unique(), "every song has its row"
    return ends | dict.fromkeys(rest, SERVED)


def test_a_sparse_file_of_20_gb_is_refused_and_its_neighbour_is_heard(
    tmp_path: Path,
) -> None:
    both = [served("good.wav", by_libsndfile(tune(), "wav")),
            refused("sparse.wav", b"", "too_large")]  # fmt: skip
    folder = lay(both, tmp_path / "in")
    with (folder / "sparse.wav").open("wb") as file:
        file.truncate(20 * 1024**3)
    heard, *_ = hear(folder, tmp_path / "store")
    assert ends_of(both, heard) == {"good.wav": SERVED, "sparse.wav": "too_large"}


@pytest.mark.slow
def test_a_whole_library_of_them_ends_as_claimed_within_bounded_memory(
    songs: list[HostileSong], tmp_path: Path
) -> None:
    every = [*songs, *make_long_songs()]
    folder = lay(every, tmp_path / "in")
    heard, main_bytes, worker_bytes = hear_apart(folder, tmp_path / "store")
    ends = ends_of(every, heard)
    assert {s.name: ends[s.name] for s in every if ends[s.name] not in s.ends} == {}
    assert set(ends.values()) <= {SERVED, *REFUSED}, "no worker died or was ended"
    assert main_bytes < MEMORY_BYTES
    assert worker_bytes < MEMORY_BYTES


def serve_all(songs: Sequence[HostileSong], desk) -> Counter[str]:  # noqa: F811
    drops = []
    for song in songs:
        key = f"drops/{song.name}"
        desk.store.write(key, song.data)
        drops.append(drop_of(key, desk.store.etag(key)))
    ends: Counter[str] = Counter()
    claims = {f"drops/{song.name}": song for song in songs}
    for end in serve_drops(drops, desk, afresh=lambda _: False):
        assert end.outcome in ("board", "refused"), (end.drop.key, end.message)
        reason = end.reason or SERVED
        assert reason in claims[end.drop.key].ends, (end.drop.key, reason)
        ends[reason] += 1
    return ends


def test_a_burst_of_drops_ends_as_boards_and_quarantine(
    songs: list[HostileSong],
    desk,  # noqa: F811
) -> None:
    some = [song for song in songs if song.data][::60]
    ends = serve_all(some, desk)
    assert ends[SERVED] >= 2
    assert sum(ends.values()) == len(some)


@pytest.mark.slow
def test_every_drop_ends_as_a_board_or_in_quarantine(
    songs: list[HostileSong],
    desk,  # noqa: F811
) -> None:
    some = [song for song in songs if song.data][::4]
    ends = serve_all(some, desk)
    boards = pl.Series([found.key for found in desk.store.listing("boards/")])
    assert boards.str.ends_with("board.html").sum() == ends[SERVED]
