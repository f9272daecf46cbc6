"""Playlist and comparison from the UI: what config asks for, what is shown of it."""

import dagster as dg
import pytest

from evoke_core.config.loading import (
    load_run_profile,
    load_sources,
    load_vocabulary,
)
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.playlists.asked import Unused
from evoke_core.playlists.playlist import Playlist
from evoke_core.storage.local import LocalStore
from evoke_pipelines.assets import playlists as module
from evoke_pipelines.environment import CONFIG_FOLDER

TRACK = {"title": "Dew", "score": 0.873, "why": ["calm"], "licence": "CC0-1.0"}
REFUSAL = {"name": "cut.jpg", "reason": "truncated", "message": "ends early"}


class Bench:
    def __init__(self, store):
        self.store = store


class Asked:
    """What a playlist is asked with, as far as the UI shows it."""

    def __init__(self, images):
        self.name, self.pictures = "holiday", ({}, {})
        self.images = images
        self.unused = (Unused(**REFUSAL),)


@pytest.fixture
def ask(tmp_path, monkeypatch, jpeg):
    """Materialise the playlist; says what was asked and what was shown."""
    store = LocalStore(tmp_path / "store")
    store.write("boards/dew-1/board.json", b'{"board_id": "dew-1"}')
    calls = []

    def with_tiles(board, desk, image_ids):
        calls.append(("tiles", board["board_id"], list(image_ids)))
        return Asked((jpeg(), b""))

    def with_files(source, desk, encoder):
        calls.append(("files", source.location, encoder.name))
        return Asked((jpeg(),))

    def make(asked, desk, sources, rules):
        calls.append(("length", rules.length))
        document = {"playlist_id": "x", "tracks": [TRACK], "refusals": [REFUSAL]}
        return Playlist(document, "page")

    monkeypatch.setattr(module, "exact_desk", lambda *_: Bench(store))
    monkeypatch.setattr(module, "ask_with_tiles", with_tiles)
    monkeypatch.setattr(module, "ask_with_files", with_files)
    monkeypatch.setattr(module, "make_playlist", make)

    def run(**config):
        done = dg.materialize(
            [module.playlist],
            run_config={"ops": {"playlist": {"config": config}}},
            raise_on_error=False,
            resources={
                "store": store,
                "run_profile": load_run_profile(CONFIG_FOLDER, "demo"),
                "sources": load_sources(CONFIG_FOLDER),
                "vocabulary": load_vocabulary(CONFIG_FOLDER),
                "image_encoder": HandcraftedImageEncoder(),
                "music_encoder": HandcraftedMusicEncoder(),
            },
        )
        shown = {}
        for made in done.asset_materializations_for_node("playlist"):
            shown = {name: value.value for name, value in made.metadata.items()}
        failures = [e for e in done.all_events if e.is_step_failure]
        said = [str(e.event_specific_data.error) for e in failures]
        return calls, shown, store, "".join(said)

    return run


def test_a_board_asks_with_its_tiles_and_the_ui_shows_who_answers(ask):
    calls, shown, store, _ = ask(board_id="dew-1")

    assert calls == [("tiles", "dew-1", []), ("length", 16)]
    assert shown["playlist"].endswith("playlists/x/playlist.html")
    assert store.read("playlists/x/playlist.html") == b"page"
    assert "| Dew | 87% | calm | CC0-1.0 |" in shown["playlist_table"]
    assert "ends early" in shown["reasons"]
    assert shown["asked_with"].startswith("![](data:image/")
    assert (shown["pictures"], shown["tracks"], shown["left_out"]) == (2, 1, 1)


def test_locked_tiles_ask_for_as_many_tracks_as_wanted(ask):
    calls, *_ = ask(board_id="dew-1", image_ids=["p1", "p2"], length=5)
    assert calls == [("tiles", "dew-1", ["p1", "p2"]), ("length", 5)]


def test_a_folder_asks_with_its_files(ask):
    calls, *_ = ask(folder="somewhere/pictures")
    assert calls[0] == ("files", "somewhere/pictures", "handcrafted")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "name a board or a folder"),
        ({"board_id": "dew-1", "folder": "x"}, "not both"),
        ({"board_id": "dew-1", "length": 0}, "at least 1"),
        ({"board_id": "nobody"}, "no stored board 'nobody'"),
    ],
)
def test_what_can_not_be_asked_is_said_with_the_remedy(ask, config, said):
    calls, shown, _, message = ask(**config)
    assert said in message
    assert (calls, shown) == ([], {})


def test_a_comparison_is_stored_and_shown(tmp_path, monkeypatch):
    side = {"track": {"title": "Dew"}, "tiles": [1, 2, 3]}

    class Found:
        left, right, shared, order, same_release = side, side, ("a",), 0.25, True

    asked = []

    def compare(store, *boards):
        asked.append(boards)
        return "comparisons/a--b/comparison.html", Found

    monkeypatch.setattr(module, "shelve_comparison", compare)
    done = dg.materialize(
        [module.board_comparison],
        run_config={
            "ops": {"board_comparison": {"config": {"left": "a", "right": "b"}}}
        },
        resources={"store": LocalStore(tmp_path)},
    )

    [made] = done.asset_materializations_for_node("board_comparison")
    shown = {name: value.value for name, value in made.metadata.items()}
    assert asked == [("a", "b")]
    assert shown["comparison"].endswith("comparisons/a--b/comparison.html")
    assert (shown["song"], shown["shared"], shown["tiles"]) == ("Dew", 1, 3)
    assert (shown["order_alike"], shown["same_release"]) == (0.25, True)
