"""Each preview is cut once, again where it was lost, and a bad one is a reason."""

import io
import os

import pytest
from PIL import Image

from evoke_core.corpus import previews
from evoke_core.corpus.previews import (
    Previews,
    cut_previews,
    damaged_previews,
    make_preview,
    preview_key,
)
from evoke_core.corpus.survey import thumbnail_key

HASHES = [f"{number:02x}" * 32 for number in range(5)]


@pytest.fixture
def filled(store, jpeg):
    for seed, sha256 in enumerate(HASHES):
        store.write(thumbnail_key(sha256), jpeg(seed, width=320, height=200))
    return store


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """Hashes of the pictures whose previews were cut, in order."""
    hashes: list[str] = []

    def make(store, sha256):
        hashes.append(sha256)
        return make_preview(store, sha256)

    monkeypatch.setattr(previews, "make_preview", make)
    return hashes


def cut(store, hashes=HASHES, damaged=()) -> Previews:
    return cut_previews(hashes, store, damaged=damaged, report=lambda *_: None)


def test_a_preview_is_160_px_at_its_longer_side(filled):
    with Image.open(io.BytesIO(make_preview(filled, HASHES[0]))) as preview:
        assert (preview.format, preview.size) == ("JPEG", (160, 100))


def test_every_picture_gets_one_and_none_is_cut_twice(filled, made):
    first = cut(filled)
    second = cut(filled)

    assert made == HASHES
    assert (first.cut, second.cut) == (5, 0)
    assert first.size_bytes == second.size_bytes
    for sha256, size in first.size_bytes.items():
        assert len(filled.read(preview_key(sha256))) == size


def test_only_new_pictures_cost_anything(filled, made):
    cut(filled, HASHES[:3])
    cut(filled)

    assert made == HASHES


def test_pictures_of_equal_bytes_share_one(filled, made):
    assert cut(filled, [HASHES[0], HASHES[0]]).cut == 1
    assert made == [HASHES[0]]


def test_a_killed_run_is_gone_on_with(filled, made, monkeypatch):
    whole, left = type(filled).write, 2

    def write_until_the_power_fails(self, key, data, **headers):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError("power failure")
        whole(self, key, data, **headers)

    with monkeypatch.context() as failing:
        failing.setattr(type(filled), "write", write_until_the_power_fails)
        with pytest.raises(OSError, match="power failure"):
            cut(filled)

    assert cut(filled).cut == 3
    assert damaged_previews(filled) == []


def test_lost_and_changed_ones_are_noticed_and_cut_again(filled, made):
    cut(filled)
    before = [filled.read(preview_key(sha256)) for sha256 in HASHES]
    filled.delete(preview_key(HASHES[1]))
    filled.write(preview_key(HASHES[3]), b"torn")
    damaged = damaged_previews(filled)
    assert damaged == [preview_key(HASHES[1]), preview_key(HASHES[3])]

    again = cut(filled, damaged=damaged)

    assert again.cut == 2
    assert [filled.read(preview_key(sha256)) for sha256 in HASHES] == before
    assert damaged_previews(filled) == []


def test_a_damaged_one_that_nobody_shows_any_more_is_removed(filled, made):
    cut(filled)
    os.utime(filled.root / preview_key(HASHES[4]), ns=(1, 1))

    again = cut(filled, HASHES[:4], damaged=damaged_previews(filled))

    assert again.cut == 0
    assert not filled.exists(preview_key(HASHES[4]))
    assert damaged_previews(filled) == []


def test_a_picture_without_a_good_thumbnail_is_a_reason_and_others_are_served(filled):
    filled.delete(thumbnail_key(HASHES[0]))
    filled.write(thumbnail_key(HASHES[2]), b"no picture")

    found = cut(filled)

    assert found.reasons == {HASHES[0]: "no_thumbnail", HASHES[2]: "not_an_image"}
    assert set(found.size_bytes) == {HASHES[1], HASHES[3], HASHES[4]}
    assert found.cut == 3


def test_no_pictures_need_no_previews(store):
    assert cut(store, []) == Previews(0, {}, {})


def test_many_are_cut_over_the_cores_and_progress_is_told(store, jpeg):
    hashes = [f"{number:064x}" for number in range(30)]
    for sha256 in hashes:
        store.write(thumbnail_key(sha256), jpeg())
    told: list[tuple[int, int]] = []

    found = cut_previews(hashes, store, report=lambda *at: told.append(at))

    assert found.cut == 30
    assert len({store.read(preview_key(sha256)) for sha256 in hashes}) == 1
    assert told == [(30, 30)]
