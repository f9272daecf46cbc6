"""A burst in one run: each drop its own success, failure, retry and line in the UI."""

import importlib.util
import io
import json
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
import soundfile

from evoke_core.drops import ledger
from evoke_core.drops.drop import drop_of
from evoke_core.drops.tickets import write_ticket
from evoke_core.errors import IndexUnavailable, IndexUnreachable
from evoke_core.serving.patience import Patience
from evoke_pipelines.assets import boards
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, one_run_over


def _small_world():
    """Load the fixtures by which boards are tested in the core."""
    path = Path(__file__).parents[1] / "evoke_core" / "boards" / "conftest.py"
    spec = importlib.util.spec_from_file_location("small_world", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORLD = _small_world()
store, index, encoder = WORLD.store, WORLD.index, WORLD.encoder
run_profile, vocabulary = WORLD.run_profile, WORLD.vocabulary
KEY = dg.AssetKey("audio_drop_board")
BY_SENSOR = {"dagster/sensor_name": "audio_drop_sensor"}


@dataclass
class Access:
    """Opens an index for a batch; `failures` come first."""

    index: object
    failures: list = field(default_factory=list)
    opened: int = 0

    @contextmanager
    def open(self):
        self.opened += 1
        if self.failures:
            raise self.failures.pop()
        yield self.index


@dataclass
class House:
    """An instance of Dagster with a store, and the runs that are started in it."""

    instance: dg.DagsterInstance
    resources: dict

    @property
    def store(self):
        return self.resources["store"]

    def drop(self, name, audio):
        """Put a song, its ticket and its partition, as the sensor does."""
        self.store.write(f"drops/{name}", audio)
        song = drop_of(f"drops/{name}", self.store.etag(f"drops/{name}"))
        write_ticket(self.store, song, 0)
        self.instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [song.drop_id])
        return song

    def run(self, *songs, by_hand=False, config=None):
        ids = [song.drop_id for song in songs]
        tags = ({} if by_hand else BY_SENSOR) | (one_run_over(ids) if ids[1:] else {})
        job = dg.Definitions(
            assets=[boards.audio_drop_board],
            resources=self.resources,
            jobs=[dg.define_asset_job("compose", executor_def=dg.in_process_executor)],
        ).resolve_job_def("compose")
        return job.execute_in_process(
            instance=self.instance,
            partition_key=None if ids[1:] else ids[0],
            tags=tags,
            raise_on_error=False,
            run_config={
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                "ops": {"audio_drop_board": {"config": config or {}}},
            },
        )

    def done(self):
        """Return the partitions that have a board."""
        return self.instance.get_materialized_partitions(KEY)

    def metadata(self, song):
        event = self.instance.get_latest_materialization_event(KEY)
        assert event.asset_materialization.partition == song.drop_id
        return {k: v.value for k, v in event.asset_materialization.metadata.items()}


@pytest.fixture
def house(store, index, encoder, run_profile, vocabulary):
    resources = {
        "store": store,
        "index": Access(index),
        "music_encoder": encoder,
        "run_profile": run_profile,
        "vocabulary": vocabulary,
    }
    with dg.DagsterInstance.ephemeral() as instance:
        yield House(instance, resources)


def chord(root=220.0):
    time = np.arange(4 * 22_050) / 22_050
    sound = sum(np.sin(2 * np.pi * root * part * time) for part in (1, 1.25, 1.5))
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.2 * sound * np.linspace(1, 0.5, len(time)), 22_050,
                    format="WAV")  # fmt: skip
    return buffer.getvalue()


def observed(house, song):
    """Read what stands beside a partition that failed."""
    records = house.instance.fetch_observations(KEY, limit=10).records
    found = [r.asset_observation for r in records if r.partition_key == song.drop_id]
    return {name: value.value for name, value in found[0].metadata.items()}


def test_a_burst_opens_the_index_once_and_a_bad_song_fails_alone(house):
    good, bad, other = (
        house.drop("a.wav", chord()),
        house.drop("bad.mp3", b"this is a text"),
        house.drop("c.wav", chord(330)),
    )
    result = house.run(good, bad, other)
    assert not result.success  # so that the bad one is painted as failed
    assert house.done() == {good.drop_id, other.drop_id}
    assert house.resources["index"].opened == 1
    [failure] = [e for e in result.all_events if e.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert set(told.metadata) == {bad.drop_id}
    assert told.metadata[bad.drop_id].value.startswith("not_audio: ")
    said = observed(house, bad)
    assert said["reason"] == "not_audio"
    assert f"quarantine/{bad.drop_id}.json" in said["remedy"]
    gallery = house.store.read("boards/index.html").decode()
    assert good.drop_id in gallery
    assert other.drop_id in gallery


def test_a_board_is_shown_with_its_links_time_moods_picture_and_release(house):
    song = house.drop("set/blue chord.wav", chord())
    assert house.run(song).success
    said = house.metadata(song)
    page = f"boards/{song.drop_id}/board.html"
    assert said["song"] == "set/blue chord.wav"
    assert said["title"] == "blue chord"
    assert said["board"] == said["location"] == house.store.locate(page)
    board = json.loads(house.store.read(page.replace(".html", ".json")))
    assert said["release"] == board["release"]["release_id"]
    assert said["moods"].split(", ")[0] == board["moods"][0]["mood"]
    assert said["tiles"] == len(board["tiles"])
    assert said["first_tiles"].startswith("![](data:image/png;base64,")
    assert len(said["first_tiles"]) < 100_000
    parts = [said[f"seconds_{part}"] for part in ("reading", "composing", "storing")]
    assert said["seconds"] == pytest.approx(sum(parts), abs=0.02)


def test_in_a_bucket_the_board_is_linked_for_a_day(house):
    class Bucket:
        def link(self, key, expires_s):
            return f"https://bucket.example/{key}?expires={expires_s}"

    link = boards._link(Bucket(), "boards/x/board.html")
    assert isinstance(link, dg.UrlMetadataValue)
    assert link.value == "https://bucket.example/boards/x/board.html?expires=86400"


def data_version(house, song):
    events = house.instance.fetch_materializations(KEY, limit=10).records
    return next(
        r.asset_materialization.tags["dagster/data_version"]
        for r in events
        if r.partition_key == song.drop_id
    )


def test_the_data_version_is_that_of_the_board_not_of_the_run(house):
    first, twin = house.drop("a.wav", chord()), house.drop("b.wav", chord())
    other = house.drop("c.wav", chord(330))
    house.run(first, twin, other)
    version = data_version(house, first)
    assert data_version(house, twin) == version  # the same sound, the same pictures
    assert data_version(house, other) != version
    house.run(first, by_hand=True)
    assert data_version(house, first) == version


def test_a_song_is_taken_out_of_quarantine_by_hand_alone(house):
    song = house.drop("a.wav", chord())
    house.store.write("drops/a.json", b"{")
    house.run(song)
    assert house.done() == set()
    house.store.write("drops/a.json", b'{"size": 4}')
    assert not house.run(song).success  # the sensor's run leaves it where it is
    assert house.run(song, by_hand=True).success
    assert house.done() == {song.drop_id}
    assert house.metadata(song)["tiles"] == 4
    assert list(house.store.listing("quarantine/")) == []


def test_refused_songs_are_tried_again_in_a_range_by_hand_and_boards_stay(house):
    good, bad = house.drop("a.wav", chord()), house.drop("b.wav", chord(330))
    house.store.write("drops/b.json", b"{")
    house.run(good, bad)
    house.store.delete("drops/b.json")
    before = house.store.etag(f"boards/{good.drop_id}/board.json")
    assert house.run(good, bad, by_hand=True).success
    assert house.done() == {good.drop_id, bad.drop_id}
    assert house.store.etag(f"boards/{good.drop_id}/board.json") == before


def test_a_board_is_made_again_by_hand_alone(house):
    song = house.drop("a.wav", chord())
    house.run(song)
    before = house.store.etag(f"boards/{song.drop_id}/board.json")
    house.run(song)
    assert house.store.etag(f"boards/{song.drop_id}/board.json") == before
    house.run(song, by_hand=True)
    assert house.store.etag(f"boards/{song.drop_id}/board.json") != before


def test_a_song_that_was_deleted_before_its_run_fails_nothing(house):
    song = house.drop("a.wav", chord())
    house.store.delete(song.key)
    assert house.run(song).success
    assert house.done() == set()
    [entry] = house.store.listing("ledger/")
    assert json.loads(house.store.read(entry.key))["outcome"] == "gone"


def test_an_error_of_ours_fails_its_song_alone_with_a_traceback(house, monkeypatch):
    bad, good = house.drop("a.wav", chord()), house.drop("b.wav", chord(330))
    from evoke_core.serving import serve

    compose = serve.compose_board

    def stumble(song, *more):
        if song.board_id == bad.drop_id:
            raise ZeroDivisionError("a bug of ours")
        return compose(song, *more)

    monkeypatch.setattr(serve, "compose_board", stumble)
    result = house.run(bad, good)
    assert not result.success
    assert house.done() == {good.drop_id}
    assert ledger.recorded(house.store, [bad, good]) == {good.drop_id}
    [failure] = [e for e in result.all_events if e.is_step_failure]
    assert bad.drop_id in failure.step_failure_data.error.message
    assert "ZeroDivisionError" in failure.step_failure_data.error.cause.to_string()
    logged = [entry.user_message for entry in house.instance.all_logs(result.run_id)]
    assert any("Traceback" in line and "a bug of ours" in line for line in logged)


def test_an_index_that_is_away_is_waited_for(house, monkeypatch):
    waits = []
    monkeypatch.setattr(boards, "Patience", partial(Patience, sleep=waits.append))
    house.resources["index"].failures = [IndexUnreachable("another process holds it")]
    song = house.drop("a.wav", chord())
    assert house.run(song).success
    assert len(waits) == 1


def test_without_an_index_the_run_fails_and_the_song_stays_due(house):
    house.resources["index"].failures = [IndexUnavailable("made by another encoder")]
    song = house.drop("a.wav", chord())
    assert not house.run(song).success
    assert house.store.exists(song.key)
    assert ledger.recorded(house.store, [song]) == set()


def test_a_partition_without_a_ticket_is_found_by_its_song(house):
    song = house.drop("a.wav", chord())
    house.store.delete(f"tickets/{song.drop_id}.json")
    assert house.run(song).success
    assert house.done() == {song.drop_id}


def test_a_partition_that_nothing_is_known_of_fails_alone(house):
    song, lost = house.drop("a.wav", chord()), house.drop("b.wav", chord(330))
    house.store.delete(f"tickets/{lost.drop_id}.json")
    house.store.delete(lost.key)
    result = house.run(song, lost)
    assert not result.success
    assert house.done() == {song.drop_id}
    [failure] = [e for e in result.all_events if e.is_step_failure]
    told = failure.step_failure_data.user_failure_data.metadata[lost.drop_id]
    assert told.value.startswith("no_ticket: ")


def written(samples, kind="WAV", rate=22_050, **more):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, **more)
    return buffer.getvalue()


def video_without_sound():
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        black = np.zeros((64, 64, 3), np.uint8)
        for frame in [*[av.VideoFrame.from_ndarray(black) for _ in range(5)], None]:
            container.mux(stream.encode(frame))
    return buffer.getvalue()


def zipped(audio):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("song.mp3", audio)
    return buffer.getvalue()


def hours(seconds):
    """Write a very long file; few samples a second keep it small."""
    hum = np.tile(np.sin(np.arange(2000) / 3).astype(np.float32) / 2, seconds)
    return written(hum, rate=2000, subtype="PCM_U8")


def bad_songs(longest_s):
    """Ten ways of being no song, by the reason that each must get."""
    second = np.sin(np.arange(22_050) / 9).astype(np.float32) / 2
    broken = np.tile(second, 4)
    broken[9] = np.nan
    whole = chord()
    return {
        "empty_file": b"",
        "not_audio": b"la la la\n" * 99,
        "unknown_format": np.random.default_rng(5).bytes(9999),
        "silent": written(np.zeros(4 * 22_050)),
        "not_finite": written(broken, subtype="FLOAT"),
        "too_short": written(np.tile(second, 2)),
        "no_audio_stream": video_without_sound(),
        "too_long": hours(longest_s),
        "no_samples": whole[:44],
        "archive": zipped(whole),
    }


def drop_burst(house, *, good, longest_s):
    """Drop good songs and the bad ones among them; two of the good look odd."""
    long_note = np.tile(np.sin(np.arange(22_050) / 9) / 2, 12)
    mp3 = written(long_note * np.linspace(1, 0.5, len(long_note)), "MP3")
    odd = {"cut.mp3": mp3[: len(mp3) // 2], "wave.mp3": chord(440)}
    plain = {f"{n:03}.wav": chord(110 + 3 * n) for n in range(good - len(odd))}
    bad = {f"{reason}.mp3": data for reason, data in bad_songs(longest_s).items()}
    named = sorted((plain | odd | bad).items())
    return [house.drop(name, data) for name, data in named]


def require_burst(house, result, songs):
    expected = set(bad_songs(5))
    boards_made = {song.drop_id for song in songs if song.key[6:-4] not in expected}
    assert not result.success
    assert house.done() == boards_made
    found = {}
    for each in house.store.listing("quarantine/"):
        if each.key.count("/") == 1:
            record = json.loads(house.store.read(each.key))
            found[record["source_key"].removesuffix(".mp3")] = record["reason"]
    assert found == {reason: reason for reason in expected}
    assert ledger.recorded(house.store, songs) == {song.drop_id for song in songs}
    gallery = house.store.read("boards/index.html").decode()
    assert all(drop_id in gallery for drop_id in boards_made)
    assert house.resources["index"].opened == 1


def loading_once(house):
    """Count how often a run asks for the music encoder, whose model is large."""
    loads, encoder = [], house.resources["music_encoder"]

    def load(_):
        loads.append(1)
        return encoder

    house.resources["music_encoder"] = dg.ResourceDefinition(load)
    return loads


def test_ten_bad_songs_of_a_burst_have_ten_reasons_and_the_others_their_boards(house):
    profile = house.resources["run_profile"]
    audio = profile.audio.model_copy(update={"max_s": 60.0})
    house.resources["run_profile"] = profile.model_copy(update={"audio": audio})
    loads = loading_once(house)
    songs = drop_burst(house, good=4, longest_s=70)
    require_burst(house, house.run(*songs), songs)
    assert loads == [1]


@pytest.mark.slow
def test_a_hundred_drops_with_ten_bad_ones_leave_ninety_boards(house):
    loads = loading_once(house)
    songs = drop_burst(house, good=90, longest_s=3 * 3600)
    require_burst(house, house.run(*songs), songs)
    assert len(house.done()) == 90
    assert loads == [1]
