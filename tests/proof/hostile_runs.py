"""Hostile files as the assets take them, and what that cost in memory.

A fresh process measures best: its peak is what this alone took. Not here: the files
(hostile_pictures, hostile_songs), and what is claimed (the tests).
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from evoke_core.config.collections import MusicLibrary, PictureSource
from evoke_core.config.loading import load_run_profile, load_sources
from evoke_core.config.profile import AudioRules
from evoke_core.corpus.fetch import Fetcher
from evoke_core.corpus.manifest import build_manifest
from evoke_core.corpus.survey import survey_pictures
from evoke_core.errors import ConfigError
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.library import list_tracks
from evoke_core.music.survey import Survey, survey_tracks
from evoke_core.precomputed import read_vector_file
from evoke_core.schemas import TABLES, validate
from evoke_core.storage.journal import Journal
from evoke_core.storage.local import LocalStore
from evoke_pipelines.environment import CONFIG_FOLDER
from tests.peak import peak_bytes, peak_of_children_bytes
from tests.proof.hostile_bytes import SERVED

RULES = AudioRules(min_s=3, max_s=5400)


@dataclass(frozen=True)
class Look:
    """What became of a folder of pictures, and what it cost.

    Args:
        rows: Of `image_files`, and of `image_facts` where a file was stored, by key.
        thumbnails: By key.
        main_bytes: Most memory that the process took.
        worker_bytes: Most that any of its workers took.
    """

    rows: dict[str, dict[str, Any]]
    thumbnails: dict[str, bytes]
    main_bytes: int
    worker_bytes: int

    def ends(self, key: str) -> str:
        """Say how a picture ended."""
        row = self.rows[key]
        return SERVED if row["status"] == "measured" else row["reason"]


def collection(location: Path) -> PictureSource:
    shipped = load_sources(CONFIG_FOLDER).pictures["folder"]
    return shipped.model_copy(update={"location": str(location)})


def look_at(location: Path, home: Path, *, timeout_s: float = 60.0) -> Look:
    """List, fetch and measure a folder as the assets do, worker processes included."""
    store = LocalStore(home)
    sources = load_sources(CONFIG_FOLDER).model_copy(
        update={"pictures": {"mine": collection(location)}}
    )
    rules = load_run_profile(CONFIG_FOLDER, "demo").download
    listed = build_manifest(sources, ("mine",), ())
    fetcher = Fetcher(sources, rules, store, lambda *_: None)
    journal = Journal(store, "image_files")
    files = fetcher.fetch(listed, TABLES["image_files"].empty(), journal)
    with mock.patch("evoke_core.corpus.survey._TIMEOUT_S", timeout_s):
        facts = survey_pictures(
            validate("image_files", files),
            TABLES["image_facts"].empty(),
            Journal(store, "image_facts"),
            report=lambda *_: None,
        )
    rows = {row["source_key"]: row for row in files.iter_rows(named=True)}
    rows |= {
        row["source_key"]: row
        for row in validate("image_facts", facts).iter_rows(named=True)
    }
    thumbnails = {
        key: store.read(row["thumbnail"])
        for key, row in rows.items()
        if row["status"] == "measured"
    }
    return Look(rows, thumbnails, peak_bytes(), peak_of_children_bytes())


def look_apart(location: Path, home: Path, *, timeout_s: float = 60.0) -> Look:
    """Look in a fresh process, whose memory is what this alone took."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(look_at, location, home, timeout_s=timeout_s).result(1800)


def hear(folder: Path, home: Path) -> tuple[Survey, int, int]:
    """Hear a folder as the asset does; also the most memory here and in workers."""
    store = LocalStore(home)
    mine = MusicLibrary(
        kind="folder", release="1", licence="own", attribution="{title}",
        location=str(folder),
    )  # fmt: skip
    sources = load_sources(CONFIG_FOLDER).model_copy(update={"music": {"mine": mine}})
    tracks = list_tracks(sources, ("mine",), store, report=lambda *_: None)
    ears = HandcraftedMusicEncoder()
    heard = survey_tracks(tracks, ears, RULES, store, report=lambda *_: None)
    return heard, peak_bytes(), peak_of_children_bytes()


def hear_apart(folder: Path, home: Path) -> tuple[Survey, int, int]:
    """Hear in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(hear, folder, home).result(1800)


def bear_vectors(path: Path) -> None:
    """Read a file of vectors or refuse it; what is read is fit for use."""
    try:
        read = read_vector_file(path)
    except ConfigError:
        return
    lengths = np.linalg.norm(read.embedding, axis=1)
    assert np.allclose(lengths, 1, atol=1e-4)
    assert len(set(read.ids)) == len(read.ids) == len(read.embedding)
