"""What can't be remembered, or breaks on the way, leaves no card without its image."""

from pathlib import Path

import pytest

from evoke_core.errors import ConfigError, TrackRefused, WeightsMissing
from evoke_core.memory.card import cover_of
from evoke_core.memory.diffusion import Drawing
from evoke_core.memory.keepsake import read_card, remember_once
from evoke_core.memory.studio import Studio, open_studio
from evoke_core.storage.local import LocalStore
from tests.evoke_core.memory.songs import RULES, named, song

# diffusers 0.39 hands a tensor to numpy 2 in its schedulers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def test_a_flagged_image_is_a_card_that_says_so_and_no_image(
    studio: Studio, store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    remember_once(named(), song(), studio)
    flagged = Drawing(None, "flagged", 0.1)
    monkeypatch.setattr(studio.painter, "draw", lambda *_, **__: flagged)

    card, _ = remember_once(named(), song(), studio, afresh=True)

    assert (card["status"], card["reason"], card["image"]) == (
        "withheld", "flagged", None,
    )  # fmt: skip
    assert "safety checker" in card["message"]
    assert cover_of(card) is None
    assert not store.exists("boards/chord-1/memory.png")
    assert read_card(store, "chord-1") == card


def test_a_run_that_breaks_while_drawing_leaves_no_card(
    studio: Studio, store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(studio.painter._pipeline.unet, "forward", interrupt)

    with pytest.raises(KeyboardInterrupt):
        remember_once(named(), song(), studio)

    assert list(store.listing("boards/")) == []


@pytest.mark.parametrize("cut_after", range(1, 5))
def test_a_store_that_breaks_anywhere_leaves_no_card_without_its_image(
    studio: Studio, store: LocalStore, monkeypatch: pytest.MonkeyPatch, cut_after: int
):
    write, count = LocalStore.write, 0

    def torn(self: LocalStore, key: str, data: bytes, **how: object) -> None:
        nonlocal count
        count += not key.startswith("private/memory/vectors")
        if count > cut_after:
            raise OSError("disk full")
        write(self, key, data, **how)

    with monkeypatch.context() as broken:
        broken.setattr(LocalStore, "write", torn)
        with pytest.raises(OSError, match="disk full"):
            remember_once(named(), song(), studio)

    assert not store.exists("boards/chord-1/memory.json")
    assert remember_once(named(), song(), studio)[0]["status"] == "drawn"


def test_a_song_that_can_not_be_used_writes_nothing(studio: Studio, store: LocalStore):
    with pytest.raises(TrackRefused) as refused:
        remember_once(named(), b"no song at all", studio)

    assert refused.value.reason == "not_audio"
    assert list(store.listing("")) == []


@pytest.mark.parametrize("family", ["demucs", "openl3", "stable-diffusion"])
def test_absent_weights_are_named_before_any_work(
    family: str, weights: Path, store: LocalStore, studio: Studio, tmp_path: Path
):
    for each in (weights / "tiny").iterdir():
        if each.name != family:
            (tmp_path / "tiny").mkdir(exist_ok=True)
            (tmp_path / "tiny" / each.name).symlink_to(each)

    with pytest.raises(WeightsMissing, match=f"{family} tiny.*make models"):
        open_studio(store, RULES, studio.audio, tmp_path)


def test_wrong_weights_are_named_and_nothing_is_written(
    weights: Path, store: LocalStore, studio: Studio, tmp_path: Path
):
    (tmp_path / "tiny").mkdir()
    for each in (weights / "tiny").iterdir():
        (tmp_path / "tiny" / each.name).symlink_to(each)
    (tmp_path / "tiny" / "openl3").unlink()
    (tmp_path / "tiny" / "openl3").mkdir()
    (tmp_path / "tiny" / "openl3" / "tiny.safetensors").write_bytes(b"not weights")

    with pytest.raises(ConfigError, match=r"tiny\.safetensors"):
        open_studio(store, RULES, studio.audio, tmp_path)

    assert list(store.listing("boards/")) == []
