"""Images beside boards: off unless asked for, each song its own success or failure."""

import json
from importlib.util import find_spec
from types import SimpleNamespace

import dagster as dg
import pytest

from evoke_core.boards.board import Song
from evoke_core.boards.compose import compose_board
from evoke_core.boards.library_song import find_library_song
from evoke_core.boards.shelf import pack, read_board, shelve
from evoke_core.config.memory import TINY
from evoke_core.corpus.manifest import picture_id as track_id
from evoke_core.errors import TrackRefused, WeightsMissing
from evoke_core.memory.attempts import read_attempts
from evoke_core.memory.due import look_for_boards
from evoke_core.memory.studio import StudioAccess
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import write_table
from evoke_pipelines.assets import memory
from evoke_pipelines.partitions import CURATED
from tests.evoke_core.boards import conftest as world
from tests.evoke_pipelines.house import House, chord

# diffusers 0.39 hands a tensor to numpy 2 in its schedulers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


store, index, encoder = world.store, world.index, world.encoder
run_profile, vocabulary, desk = world.run_profile, world.vocabulary, world.desk
RULES = TINY.model_copy(update={"steps": 1, "side_px": 64, "sweep": ()})


class MemoryHouse(House):
    """A house whose songs have their boards."""

    def __init__(self, instance, desk, weights, rules):
        profile = desk.run_profile.model_copy(update={"memory": rules})
        resources = {
            "store": desk.store,
            "memory_studio": StudioAccess(weights),
            "run_profile": profile,
        }
        super().__init__(instance, memory.audio_drop_memory, resources)
        self.desk = desk

    def drop(self, name, audio, *, lyrics=None):
        """Put a song with its ticket, partition and board, as serving leaves it."""
        drop = super().drop(name, audio)
        song = Song(drop.drop_id, "drops", name, name, drop.key)
        shelve(self.store, compose_board(song, audio, self.desk))
        if lyrics:
            self.store.write(f"lyrics/{drop.drop_id}.txt", lyrics.encode())
        return drop


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
        yield lambda weights, rules=RULES: MemoryHouse(instance, desk, weights, rules)


def test_without_a_section_in_the_profile_nothing_is_loaded_or_drawn(
    open_house, tmp_path
):
    house = open_house(tmp_path, None)
    song = house.drop("a.wav", chord())

    assert house.run(song).success
    assert house.done() == set()
    assert not house.store.exists(f"boards/{song.drop_id}/memory.png")


def test_a_board_gets_an_image_a_card_and_a_cover(open_house, weights):
    house = open_house(weights)
    song = house.drop("a.wav", chord(), lyrics="lantern and harbour")

    assert house.run(song).success
    assert house.done() == {song.drop_id}
    assert read_board(house.store, song.drop_id)["cover"]["image"] == "memory.png"
    page = house.store.read(f"boards/{song.drop_id}/board.html").decode()
    assert 'src="memory.png"' in page
    shown = house.shown()
    assert shown["words"] == "the lyrics that lie beside the song"
    assert shown["status"] == "drawn"
    assert "data:image/" in shown["strengths"]
    assert "data:image/" in shown["stems"]
    assert "MIT" in shown["licences"]
    assert "lantern" not in str(shown)
    assert "words_note" not in shown, "all that was sung was used"
    assert "words_reading" not in shown, "all of it was read as it stands"


def test_what_could_not_be_read_of_the_words_is_a_sentence(open_house, weights):
    house = open_house(weights)
    song = house.drop("a.wav", chord(), lyrics="\n".join(map(str, range(100, 400))))

    assert house.run(song).success
    assert "of 300 different lines were read" in house.shown()["words_reading"]


def test_a_second_run_draws_nothing_and_hangs_the_cover_again(
    open_house, weights, monkeypatch
):
    house = open_house(weights)
    song = house.drop("a.wav", chord())
    house.run(song)
    # the board is made anew, without a cover
    document = {**read_board(house.store, song.drop_id)}
    document.pop("cover")
    house.store.write(f"boards/{song.drop_id}/board.json", pack(document))

    def draw(*_, **__):
        raise AssertionError("drawn again")

    monkeypatch.setattr("evoke_core.memory.diffusion.Painter.draw", draw)

    assert house.run(song).success
    assert read_board(house.store, song.drop_id)["cover"]["image"] == "memory.png"


def test_a_song_whose_sound_is_gone_fails_alone(open_house, weights):
    house = open_house(weights)
    gone, good = house.drop("a.wav", chord()), house.drop("b.wav", chord(330.0))
    house.store.delete("drops/a.wav")

    result = house.run(gone, good)

    assert not result.success
    assert house.done() == {good.drop_id}
    failure = next(e.step_failure_data for e in result.all_events if e.is_step_failure)
    told = failure.user_failure_data
    assert told.description == f"1 songs have no image: {gone.drop_id}"
    assert "drop the song again" in told.metadata[gone.drop_id].value
    card = json.loads(house.store.read(f"boards/{gone.drop_id}/memory.json"))
    assert (card["status"], card["reason"]) == ("refused", "gone")
    run = house.instance.get_run_by_id(result.run_id)
    assert run.tags[memory.REFUSED_TAG] == "1"
    assert look_for_boards(house.store).waiting == ()  # neither is asked for again
    assert read_attempts(house.store, gone.drop_id).count == 0


def test_a_song_whose_sound_went_after_its_image_keeps_the_image(open_house, weights):
    house = open_house(weights)
    song = house.drop("a.wav", chord())
    house.run(song)
    house.store.delete("drops/a.wav")
    document = {**read_board(house.store, song.drop_id)}
    document.pop("cover")  # the board is made anew
    house.store.write(f"boards/{song.drop_id}/board.json", pack(document))
    assert look_for_boards(house.store).waiting == (song.drop_id,)

    assert not house.run(song).success
    assert read_board(house.store, song.drop_id)["cover"]["image"] == "memory.png"
    assert look_for_boards(house.store).waiting == ()


def test_what_breaks_over_a_song_is_charged_to_that_song(
    open_house, weights, monkeypatch
):
    house = open_house(weights)
    good, bad = house.drop("a.wav", chord()), house.drop("b.wav", chord(330.0))
    remember_once = memory.remember_once

    def breaks(song, *given, **how):
        if song.song_id == bad.drop_id:
            raise RuntimeError("out of memory")
        return remember_once(song, *given, **how)

    monkeypatch.setattr(memory, "remember_once", breaks)
    house.run(good, bad)

    assert house.done() == {good.drop_id}
    assert read_attempts(house.store, good.drop_id).count == 0
    assert "out of memory" in read_attempts(house.store, bad.drop_id).error
    assert look_for_boards(house.store).waiting == (bad.drop_id,)


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
    assert "cover" not in read_board(house.store, song.drop_id)


def test_a_commercial_run_refuses_models_of_unclear_terms(open_house, tmp_path):
    house = open_house(tmp_path, RULES.model_copy(update={"folder": ""}))
    house.resources["run_profile"] = house.resources["run_profile"].model_copy(
        update={"licence_policy": "commercial"}
    )
    song = house.drop("a.wav", chord())

    result = house.run(song)

    failure = next(e.step_failure_data for e in result.all_events if e.is_step_failure)
    assert "licence_policy" in str(failure.error)
