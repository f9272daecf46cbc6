"""What a user sees who gives the demo something that can't work: one clear line."""

from pathlib import Path

import pytest

from evoke_core.storage.local import LocalStore
from evoke_pipelines.demo import _drop, main

NOBODY = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "1",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVOKE_IMAGES", "EVOKE_PROFILE", "EVOKE_STORE", "EVOKE_MILVUS_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"EVOKE_PROFILE": "dmeo"}, "there is no profile 'dmeo'; choose one of"),
        ({"EVOKE_PROFILE": "local"}, "no weights at"),
        ({"EVOKE_IMAGES": "no/such/folder"}, "is not there; give IMAGES"),
        ({"EVOKE_STORE": "ftp://host/x"}, "use file:///a/folder or s3://"),
        ({"EVOKE_STORE": "s3://nowhere/home", **NOBODY}, "nowhere"),
    ],
)
def test_what_is_configured_wrongly_ends_in_one_line(
    environment: dict[str, str], said: str, monkeypatch, capsys
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main([]) == 2
    printed = capsys.readouterr().out
    assert said in printed
    assert len(printed.strip().splitlines()) == 1


def test_an_empty_picture_folder_says_what_it_looked_for(
    tmp_path: Path, monkeypatch, capsys
) -> None:
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("EVOKE_IMAGES", str(tmp_path / "none"))
    assert main([]) == 2
    assert "holds no picture" in capsys.readouterr().out


def test_a_missing_song_and_an_empty_song_folder_say_so(tmp_path: Path, capsys) -> None:
    (tmp_path / "none").mkdir()
    for song in (tmp_path / "nothing.mp3", tmp_path / "none"):
        assert main([str(song)]) == 2
        assert "no song there" in capsys.readouterr().out


def test_a_name_that_is_no_utf8_is_spelt_out(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path / "caf\udce9.mp3")]) == 2
    assert "caf\\udce9.mp3" in capsys.readouterr().out


def test_words_beside_a_song_are_dropped_with_it(
    tmp_path: Path, store: LocalStore
) -> None:
    song = tmp_path / "set" / "song.mp3"
    song.parent.mkdir()
    song.write_bytes(b"sound")
    song.with_suffix(".lrc").write_text("[00:01.00]the quiet lantern")

    [drop] = _drop([(song, "set/song.mp3")], store)
    assert drop.source_key == "set/song.mp3"
    assert store.read("drops/set/song.lrc").endswith(b"lantern")
