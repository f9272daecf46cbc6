"""`make share` on the command line: one line about what lies where, or what failed."""

import json

import pytest

from evoke_core.boards.shelf import pack
from evoke_core.storage.local import LocalStore
from evoke_pipelines import share
from tests.evoke_core.boards.test_clearance import picture, whole_board


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path))
    monkeypatch.setenv("EVOKE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("EVOKE_PROFILE", "demo")
    monkeypatch.delenv("EVOKE_IMAGES", raising=False)
    return tmp_path


def put(home, document):
    store = LocalStore(home / "store")
    store.write(f"boards/{document['board_id']}/board.json", pack(document))


def test_a_board_is_shared_by_the_name_of_its_song(home, capsys):
    put(home, whole_board(*map(picture, range(4))))
    assert share.main(["night & day"]) == 0
    page = capsys.readouterr().out.strip()
    assert page.startswith(str(home / "shared" / "night-day-"))
    document = json.loads(
        (home / "shared" / page.split("/")[-2] / "board.json").read_text()
    )
    assert document["track"]["audio"] is None


def test_a_barred_picture_is_named_and_can_be_left_out(home, capsys):
    put(home, whole_board(picture(0, licence="private"), *map(picture, range(1, 4))))
    out = home / "elsewhere"
    assert share.main(["Night & Day", "--to", str(out)]) == 1
    said = capsys.readouterr()
    assert "credit 0 (private)" in said.err
    assert not out.exists()
    assert share.main(["Night & Day", "--to", str(out), "--leave-out"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "left out: credit 0 (private)"
    assert lines[1].startswith(str(out))


def test_an_unknown_board_is_one_line(home, capsys):
    put(home, whole_board(picture(0)))
    assert share.main(["no such song"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("no board is called 'no such song', among 1")
    assert said.count("\n") == 1
