"""Hostile pictures end as rows: served, or refused with a reason that is named."""

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evoke_core.storage.tables import read_table
from tests.proof.hostile_bytes import SERVED, HostilePicture, encoded, scene
from tests.proof.hostile_pictures import (
    lay_snares,
    make_dear_pictures,
    make_endless,
    make_pictures,
)
from tests.proof.hostile_runs import Look, collection, look_apart, look_at
from tests.proof.world import World, order

SAME = 5.0  # mean absolute difference of 8-bit samples that JPEG may leave
WORKER_BYTES = 1200 * 2**20  # the largest picture is 480 MB as Pillow holds it
MAIN_BYTES = 700 * 2**20
GOOD = encoded(scene(np.random.default_rng(1)), "JPEG")


def lay(pictures: Iterable[HostilePicture], folder: Path) -> Path:
    folder.mkdir()
    for picture in pictures:
        (folder / picture.name).write_bytes(picture.data)
    return folder


def assert_as_claimed(pictures: Sequence[HostilePicture], look: Look) -> None:
    ends = {picture.name: look.ends(picture.name) for picture in pictures}
    assert set(look.rows) == set(ends), "every file has its row"
    wrong = {p.name: ends[p.name] for p in pictures if ends[p.name] not in p.ends}
    assert wrong == {}
    unsaid = [
        row["source_key"]
        for row in look.rows.values()
        if row["status"] != "measured" and len(row["detail"] or "") < 20
    ]
    assert unsaid == [], "every refusal says what to do"
    assert differing(pictures, look) == {}


def differing(pictures: Sequence[HostilePicture], look: Look) -> dict[str, float]:
    """Name the served pictures that look otherwise than the plain original."""
    far = {}
    for picture in pictures:
        if picture.looks is None or picture.name not in look.thumbnails:
            continue
        with Image.open(io.BytesIO(look.thumbnails[picture.name])) as image:
            rgb = np.asarray(image.convert("RGB")).astype(int)
        same_shape = rgb.shape == picture.looks.shape
        far[picture.name] = np.abs(rgb - picture.looks).mean() if same_shape else 255.0
    return {name: float(by) for name, by in far.items() if by > SAME}


def test_some_of_every_kind_end_as_claimed(tmp_path: Path) -> None:
    pictures = list(make_pictures())
    assert len(pictures) >= 300
    assert len({picture.name for picture in pictures}) == len(pictures)
    some = pictures[::8]
    look = look_at(lay(some, tmp_path / "pictures"), tmp_path / "store")
    assert_as_claimed(some, look)


def test_what_is_no_plain_file_is_passed_over_or_a_row(tmp_path: Path) -> None:
    ends = lay_snares(tmp_path, GOOD)
    look = look_at(tmp_path / "inside", tmp_path / "store")
    assert {key: look.ends(key) for key in look.rows} == {
        key: end for key, end in ends.items() if end
    }


def test_a_picture_that_is_never_done_is_ended_and_the_next_is_served(
    tmp_path: Path,
) -> None:
    pictures = [make_endless(), HostilePicture("good.jpg", GOOD, frozenset((SERVED,)))]
    look = look_at(lay(pictures, tmp_path / "in"), tmp_path / "store", timeout_s=8)
    assert_as_claimed(pictures, look)
    assert "took longer than 8 s" in look.rows["endless.jpg"]["detail"]


@pytest.mark.slow
def test_the_whole_corpus_ends_as_claimed_within_bounded_memory(
    tmp_path: Path,
) -> None:
    pictures = list(make_pictures())
    folder = lay(pictures, tmp_path / "in")
    look = look_apart(folder, tmp_path / "store")
    assert_as_claimed(pictures, look)
    assert look.main_bytes < MAIN_BYTES
    assert look.worker_bytes < WORKER_BYTES
    ends = Counter(look.ends(key) for key in look.rows)
    assert ends["hostile"] == 0, "no decoder died, hung or took all memory"
    assert ends[SERVED] > 100


@pytest.mark.slow
def test_the_largest_pictures_are_served_within_bounded_memory(tmp_path: Path) -> None:
    pictures = list(make_dear_pictures())
    folder = lay(pictures, tmp_path / "in")
    # Memory is judged here; how long it takes depends on what else the machine does.
    look = look_apart(folder, tmp_path / "store", timeout_s=600)
    assert_as_claimed(pictures, look)
    assert look.main_bytes < MAIN_BYTES
    assert look.worker_bytes < WORKER_BYTES


class Beset(World):
    """The micro world, with a folder of hostile pictures beside its own."""

    def resources(self) -> dict[str, Any]:
        """Add the folder to what the profile shows."""
        resources = super().resources()
        mine = collection(self.home.parent / "in")
        pictures = {**resources["sources"].pictures, "folder": mine}
        resources["sources"] = resources["sources"].model_copy(
            update={"pictures": pictures}
        )
        resources["run_profile"] = resources["run_profile"].model_copy(
            update={"pictures": ("painted", "folder")}
        )
        return resources


@pytest.mark.slow
def test_the_whole_graph_comes_to_a_board_beside_hostile_pictures(
    tmp_path: Path,
) -> None:
    pictures = list(make_pictures())
    lay(pictures, tmp_path / "in")
    world = Beset(tmp_path / "home")
    world.home.mkdir()
    for asset in order():
        assert world.materialise(asset), asset
    facts = read_table(world.store, "image_facts")
    assert facts.filter(pl.col("source") == "folder").height == len(pictures)
    assert world.store.exists(f"boards/{world.drop()}/board.html")
