"""Images beside boards: off unless asked for, each song its own success or failure."""

import importlib.util
import io
import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import numpy as np
import pytest
import soundfile

from evoke_core.boards.board import Song
from evoke_core.boards.compose import compose_board
from evoke_core.boards.library_song import find_library_song
from evoke_core.boards.shelf import pack, read_board, shelve
from evoke_core.config.memory import TINY
from evoke_core.corpus.manifest import picture_id as track_id
from evoke_core.drops.drop import drop_of
from evoke_core.drops.tickets import write_ticket
from evoke_core.errors import TrackRefused, WeightsMissing
from evoke_core.memory.attempts import read_attempts
from evoke_core.memory.due import look_for_boards
from evoke_core.memory.studio import StudioAccess
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import write_table
from evoke_pipelines.assets import memory
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, CURATED, one_run_over

# diffusers 0.39 hands a tensor to numpy 2 in its schedulers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def _small_world():
    """Load the fixtures by which boards are tested in the core."""
    path = Path(__file__).parents[1] / "evoke_core" / "boards" / "conftest.py"
    spec = importlib.util.spec_from_file_location("small_world", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORLD = _small_world()
store, index, encoder = WORLD.store, WORLD.index, WORLD.encoder
run_profile, vocabulary, desk = WORLD.run_profile, WORLD.vocabulary, WORLD.desk
KEY = dg.AssetKey("audio_drop_memory")
RULES = TINY.model_copy(update={"steps": 1, "side_px": 64, "sweep": ()})


class House:
    """An instance of Dagster with a store of boards, and the runs that start in it."""

    def __init__(self, instance, desk, weights, rules):
        self.instance, self.desk, self.store = instance, desk, desk.store
        profile = desk.run_profile.model_copy(update={"memory": rules})
        self.resources = {
            "store": desk.store,
            "memory_studio": StudioAccess(weights),
            "run_profile": profile,
        }

    def drop(self, name, audio, *, lyrics=None):
        """Put a song with its ticket, partition and board, as serving leaves it."""
        key = f"drops/{name}"
        self.store.write(key, audio)
        drop = drop_of(key, self.store.etag(key))
        write_ticket(self.store, drop, 0)
        self.instance.add_dynamic_partitions(AUDIO_DROPS_NAME, [drop.drop_id])
        song = Song(drop.drop_id, "drops", name, name, key)
        shelve(self.store, compose_board(song, audio, self.desk))
        if lyrics:
            self.store.write(f"lyrics/{drop.drop_id}.txt", lyrics.encode())
        return drop.drop_id

    def run(self, *ids):
        job = dg.Definitions(
            assets=[memory.audio_drop_memory],
            resources=self.resources,
            jobs=[dg.define_asset_job("remember", executor_def=dg.in_process_executor)],
        ).resolve_job_def("remember")
        return job.execute_in_process(
            instance=self.instance,
            partition_key=None if ids[1:] else ids[0],
            tags=one_run_over(ids) if ids[1:] else {},
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    def done(self):
        return self.instance.get_materialized_partitions(KEY)

    def metadata(self):
        event = self.instance.get_latest_materialization_event(KEY)
        return {
            name: each.value
            for name, each in event.asset_materialization.metadata.items()
        }


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    for library in ("diffusers", "demucs", "open_clip"):
        if find_spec(library) is None:
            pytest.skip(f"{library} is not installed (extras memory and clip)")
    from evoke_core.memory.tiny import write_tiny_models

    folder = tmp_path_factory.getbasetemp() / "tiny_weights"
    write_tiny_models(folder)
    return folder


@pytest.fixture
def open_house(desk):
    with dg.DagsterInstance.ephemeral() as instance:
        yield lambda weights, rules=RULES: House(instance, desk, weights, rules)


def chord(root=220.0, seconds=4.0):
    time = np.arange(int(seconds * 22_050)) / 22_050
    buffer = io.BytesIO()
    sound = 0.2 * np.sin(2 * np.pi * root * time)
    soundfile.write(buffer, sound, 22_050, format="WAV")
    return buffer.getvalue()


def test_without_a_section_in_the_profile_nothing_is_loaded_or_drawn(
    open_house, tmp_path
):
    house = open_house(tmp_path, None)
    song = house.drop("a.wav", chord())

    assert house.run(song).success
    assert house.done() == set()
    assert not house.store.exists(f"boards/{song}/memory.png")


def test_a_board_gets_an_image_a_card_and_a_cover(open_house, weights):
    house = open_house(weights)
    song = house.drop("a.wav", chord(), lyrics="lantern and harbour")

    assert house.run(song).success
    assert house.done() == {song}
    assert read_board(house.store, song)["cover"]["image"] == "memory.png"
    page = house.store.read(f"boards/{song}/board.html").decode()
    assert 'src="memory.png"' in page
    shown = house.metadata()
    assert shown["words"] == "the lyrics that lie beside the song"
    assert shown["status"] == "drawn"
    assert "data:image/" in shown["strengths"]
    assert "data:image/" in shown["stems"]
    assert "MIT" in shown["licences"]
    assert "lantern" not in str(shown)


def test_a_second_run_draws_nothing_and_hangs_the_cover_again(
    open_house, weights, monkeypatch
):
    house = open_house(weights)
    song = house.drop("a.wav", chord())
    house.run(song)
    # the board is made anew, without a cover
    document = {**read_board(house.store, song)}
    document.pop("cover")
    house.store.write(f"boards/{song}/board.json", pack(document))

    def draw(*_, **__):
        raise AssertionError("drawn again")

    monkeypatch.setattr("evoke_core.memory.diffusion.Painter.draw", draw)

    assert house.run(song).success
    assert read_board(house.store, song)["cover"]["image"] == "memory.png"


def test_a_song_whose_sound_is_gone_fails_alone(open_house, weights):
    house = open_house(weights)
    gone, good = house.drop("a.wav", chord()), house.drop("b.wav", chord(330.0))
    house.store.delete("drops/a.wav")

    result = house.run(gone, good)

    assert not result.success
    assert house.done() == {good}
    failure = next(e.step_failure_data for e in result.all_events if e.is_step_failure)
    assert failure.user_failure_data.description == f"1 songs have no image: {gone}"
    assert "drop the song again" in failure.user_failure_data.metadata[gone].value
    card = json.loads(house.store.read(f"boards/{gone}/memory.json"))
    assert (card["status"], card["reason"]) == ("refused", "gone")
    run = house.instance.get_run_by_id(result.run_id)
    assert run.tags[memory.REFUSED_TAG] == "1"
    assert look_for_boards(house.store).waiting == ()  # neither is asked for again
    assert read_attempts(house.store, gone).count == 0


def test_a_song_whose_sound_went_after_its_image_keeps_the_image(open_house, weights):
    house = open_house(weights)
    song = house.drop("a.wav", chord())
    house.run(song)
    house.store.delete("drops/a.wav")
    document = {**read_board(house.store, song)}
    document.pop("cover")  # the board is made anew
    house.store.write(f"boards/{song}/board.json", pack(document))
    assert look_for_boards(house.store).waiting == (song,)

    assert not house.run(song).success
    assert read_board(house.store, song)["cover"]["image"] == "memory.png"
    assert look_for_boards(house.store).waiting == ()


def test_what_breaks_over_a_song_is_charged_to_that_song(
    open_house, weights, monkeypatch
):
    house = open_house(weights)
    good, bad = house.drop("a.wav", chord()), house.drop("b.wav", chord(330.0))
    remember_once = memory.remember_once

    def breaks(song, *given, **how):
        if song.song_id == bad:
            raise RuntimeError("out of memory")
        return remember_once(song, *given, **how)

    monkeypatch.setattr(memory, "remember_once", breaks)
    house.run(good, bad)

    assert house.done() == {good}
    assert read_attempts(house.store, good).count == 0
    assert "out of memory" in read_attempts(house.store, bad).error
    assert look_for_boards(house.store).waiting == (bad,)


def test_a_board_of_the_curated_library_gets_its_image(open_house, weights):
    house = open_house(weights)
    name, track = next(iter(CURATED.tracks.items()))
    row = {
        "track_id": track_id(track.library, track.key), "source": track.library,
        "source_key": track.key, "title": track.title, "licence": "CC0-1.0",
        "location": "tracks/one.wav", "labels": [],
    }  # fmt: skip
    house.store.write("tracks/one.wav", chord())
    write_table(house.store, "track_manifest", TABLES["track_manifest"].frame([row]))
    song = find_library_song(track, house.store).song
    shelve(house.store, compose_board(song, chord(), house.desk))

    result = dg.materialize(
        [memory.library_memory],
        resources=house.resources,
        instance=house.instance,
        partition_key=name,
    )

    assert result.success
    cover = read_board(house.store, song.board_id)["cover"]
    assert cover["image"] == "memory.png"
    assert look_for_boards(house.store).waiting == ()


def test_a_curated_track_that_is_no_longer_listed_is_refused_once(desk):
    name, track = next(iter(CURATED.tracks.items()))
    write_table(desk.store, "track_manifest", TABLES["track_manifest"].frame([]))
    with pytest.raises(TrackRefused, match="has no track"):
        memory._find_track(name, desk.store)  # without a board there is nothing to say

    board_id = f"night-{track_id(track.library, track.key)[:10]}"
    desk.store.write(f"boards/{board_id}/board.json", b"{}")
    source = memory._find_track(name, desk.store)
    assert source.board_id == board_id
    with pytest.raises(TrackRefused, match="has no track"):
        source.read()


def test_a_song_without_a_board_is_named(desk):
    source = memory._find_drop("nobody-1", desk.store)
    with pytest.raises(TrackRefused, match="make its board first"):
        memory._remember_one(source, SimpleNamespace(store=desk.store), None)
    assert not desk.store.exists("boards/nobody-1/memory.json")


def test_absent_weights_end_the_run_with_the_remedy(open_house, tmp_path):
    house = open_house(tmp_path)
    song = house.drop("a.wav", chord())

    result = house.run(song)

    failure = next(e.step_failure_data for e in result.all_events if e.is_step_failure)
    error = failure.error
    while error.cause is not None:
        error = error.cause
    assert WeightsMissing.__name__ in error.cls_name
    assert "make models" in error.message
    assert "cover" not in read_board(house.store, song)


def test_a_commercial_run_refuses_models_of_unclear_terms(open_house, tmp_path):
    house = open_house(tmp_path, RULES.model_copy(update={"folder": ""}))
    house.resources["run_profile"] = house.resources["run_profile"].model_copy(
        update={"licence_policy": "commercial"}
    )
    song = house.drop("a.wav", chord())

    result = house.run(song)

    failure = next(e.step_failure_data for e in result.all_events if e.is_step_failure)
    assert "licence_policy" in str(failure.error)
