"""A small world for reviews: 60 pictures, three boards, their songs, an empty inbox."""

import io
import json
import os
import time

import numpy as np
import pytest
import soundfile

from evoke_core.config.fields import AXES
from evoke_core.corpus.decode import encode_jpeg
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.schemas import TABLES
from evoke_core.shared_space import FEELING, with_feeling
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import write_table
from evoke_core.vectors import l2_normalize

COUNT, DIMENSION, TILES = 60, 8, 12
SONGS = ("dawn", "march", "storm")


def picture_id(number):
    return f"p{number:02d}"


def sha(number):
    return f"{number:02x}" * 32


def pictures():
    """Six themes of ten pictures each, near to each other."""
    rng = np.random.default_rng(1)
    themes = rng.normal(size=(6, DIMENSION)).repeat(COUNT // 6, axis=0)
    return l2_normalize(themes + 0.2 * rng.normal(size=(COUNT, DIMENSION)))


def tables():
    rows = {
        name: []
        for name in (
            "source_manifests", "curated_images", "image_facts", "image_files",
            "image_tags", "image_embeddings",
        )
    }  # fmt: skip
    for number, embedding in enumerate(pictures()):
        who = {
            "image_id": picture_id(number), "source": "hall", "source_key": f"{number}"
        }  # fmt: skip
        rows["source_manifests"].append(
            who
            | {
                "title": f"Secret name {number}", "artist": f"artist {number}",
                "licence": "CC0-1.0", "attribution": f"credit {number:02d}",
                "keywords": [], "addresses": [], "version": "1", "served": True,
            }
        )  # fmt: skip
        rows["curated_images"].append(who | {"status": "kept", "served": True})
        rows["image_facts"].append(
            who
            | {
                "version": "1", "status": "measured", "sha256": sha(number),
                "measured_by": "1",
                "width_px": 96, "height_px": 72, "palette": ["#102030"],
                "attributes": [0.5] * len(AXES),
            }
        )  # fmt: skip
        rows["image_files"].append(
            who | {"version": "1", "status": "stored", "location": f"store:{number}"}
        )
        rows["image_tags"].append(
            {
                "image_id": who["image_id"], "valence": 0.0, "arousal": 0.0,
                "moods": [], "scores": [1.0], "labelled": False,
                "strength": 1.0,
            }
        )  # fmt: skip
        rows["image_embeddings"].append(
            {
                "sha256": sha(number), "fingerprint": "painter/1",
                "embedding": embedding.tolist(),
            }
        )  # fmt: skip
    return rows


def make_board(place):
    """Write the fields of board.json that reviews read; one theme a song."""
    shared = with_feeling(pictures(), np.zeros((COUNT, 2)))
    query = shared[place * 10].astype(np.float64)
    order = np.argsort(-(shared @ query), kind="stable").tolist()
    candidates = [{"image_id": picture_id(row)} for row in order[:30]]
    sections = [(0.0, 1.0), (1.0, 4.0)]
    return {
        "schema": "evoke.board/1",
        "board_id": f"{SONGS[place]}-0",
        "track": {
            "track_id": f"{SONGS[place]}-0", "sha256": sha(200 + place),
            "title": SONGS[place].title(), "duration_s": 4.0, "peaks": [0.2, 0.8, 0.5],
            "audio": f"../../drops/{SONGS[place]}.wav",
        },
        "arc": [{"start_s": 0.0, "end_s": 4.0, "energy": 0.5, "valence": 0.5}],
        "sections": [{"start_s": start, "end_s": end} for start, end in sections],
        "tiles": candidates[:TILES],
        "candidates": candidates,
        "refinement": {
            "dimension": FEELING + DIMENSION, "board_size": TILES, "balance": 0.7,
            "max_per_artist": 2, "max_per_source": None, "reach": 0.4,
            "axes": [
                {"name": axis, "direction": row.tolist()}
                for axis, row in zip(AXES, np.eye(4, len(query)), strict=True)
            ],
            "queries": [{"weight": 0.6, "vector": query.tolist()}],
        },
        "release": {"bridge": "ridge"},
    }  # fmt: skip


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """What the store holds before anyone judged; copied by hand where it is changed."""
    made = LocalStore(tmp_path_factory.mktemp("reviews") / "store")
    for name, rows in tables().items():
        write_table(made, name, TABLES[name].frame(rows))
    rng = np.random.default_rng(4)
    for number in range(COUNT):
        pixels = rng.integers(0, 255, (6, 8, 3), np.uint8).repeat(12, 0).repeat(12, 1)
        made.write(thumbnail_key(sha(number)), encode_jpeg(pixels, longest_px=96))
    for place, song in enumerate(SONGS):
        text = json.dumps(make_board(place)).encode()
        made.write(f"boards/{song}-0/board.json", text)
        buffer = io.BytesIO()
        tone = 0.1 * np.sin(np.arange(4 * 8000) * (0.05 + 0.02 * place))
        soundfile.write(buffer, tone, 8000, format="WAV")
        made.write(f"drops/{song}.wav", buffer.getvalue())
    return made


@pytest.fixture
def store(world, tmp_path):
    """A copy of the world of its own."""
    copy = LocalStore(tmp_path / "store")
    for found in world.listing(""):
        copy.write(found.key, world.read(found.key))
    return copy


@pytest.fixture
def drop(store):
    """Put a verdict into the inbox as if it had come a minute ago."""

    def put(name, content):
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        store.write(f"reviews/inbox/{name}", raw)
        then = time.time() - 60
        os.utime(store.locate(f"reviews/inbox/{name}"), (then, then))

    return put
