"""A small world for boards: 24 pictures, a release, an index in memory, one chord."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile

from evoke_core.boards.board import Song
from evoke_core.boards.desk import open_desk
from evoke_core.config.fields import AXES
from evoke_core.config.loading import load_run_profile, load_vocabulary
from evoke_core.corpus.decode import encode_jpeg
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import IndexUnavailable
from evoke_core.index.filters import NO_FILTERS
from evoke_core.index.image_index import Hit
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.listen import listen
from evoke_core.release import Release, publish
from evoke_core.schemas import TABLES
from evoke_core.shared_space import FEELING, with_feeling
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import write_arrays, write_table
from evoke_core.vectors import l2_normalize

CONFIG = Path(__file__).parents[3] / "assets_config"
COUNT, DIMENSION, RATE = 24, 12, 22_050
LOOK = DIMENSION - FEELING  # what the image encoder of these boards gives


@dataclass
class MemoryIndex:
    """What a board asks of the index, searched exactly; see evoke_core.index."""

    collections: dict
    ready: set = field(default_factory=set)
    asked: list = field(default_factory=list)
    facts: dict = field(default_factory=dict)

    def require(self, collection, dimension):
        if collection not in self.collections:
            raise IndexUnavailable(f"there is no collection {collection!r}; publish")
        self.ready.add(collection)

    def search(self, collection, queries, *, top_k, filters=NO_FILTERS):
        assert collection in self.ready, "a collection is loaded before it is searched"
        assert queries.dtype == np.float32
        assert top_k >= 1, "Milvus refuses a limit of 0"
        self.asked.append((collection, len(queries), top_k))
        image_ids, embeddings = self.collections[collection]
        if filters != NO_FILTERS:
            passed = [filters.admits(self.facts[image_id]) for image_id in image_ids]
            image_ids = [i for i, good in zip(image_ids, passed, strict=True) if good]
            embeddings = embeddings[np.array(passed)]
        scores = l2_normalize(queries) @ embeddings.T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
        return [
            [Hit(image_ids[row], float(score[row])) for row in rows]
            for rows, score in zip(order.tolist(), scores, strict=True)
        ]


def frame(table, rows):
    columns = TABLES[table].columns.items()
    return pl.DataFrame(rows, schema={name: column.dtype for name, column in columns})


def sha(number):
    return f"{number:02x}" * 32


def picture_rows(names):
    """Write the rows of every table that a board reads; half are of one artist."""
    rng = np.random.default_rng(3)
    embeddings = l2_normalize(rng.normal(size=(COUNT, LOOK)))
    scores = rng.dirichlet(np.ones(len(names)), COUNT).astype(np.float32)
    tables = {
        name: []
        for name in (
            "source_manifests", "curated_images", "image_facts", "image_files",
            "image_tags", "image_embeddings",
        )
    }  # fmt: skip
    for number in range(COUNT):
        identity = {
            "image_id": f"p{number:02d}",
            "source": "north" if number % 3 else "south",
            "source_key": f"{number}.jpg",
        }
        strongest = [names[mood] for mood in np.argsort(-scores[number])[:4]]
        tables["source_manifests"].append(
            identity
            | {
                "title": None if number % 5 else f"Picture {number}",
                "artist": "Ann" if number % 2 else None,
                "licence": "CC0-1.0",
                "attribution": f"credit {number}",
                "keywords": [],
                "addresses": [],
                "version": "1",
                "served": True,
            }
        )
        tables["curated_images"].append(identity | {"status": "kept", "served": True})
        tables["image_facts"].append(
            identity
            | {
                "version": "1", "status": "measured", "sha256": sha(number),
                "measured_by": "1",
                "thumbnail": thumbnail_key(sha(number)), "width_px": 96,
                "height_px": 72, "attributes": [0.5] * 4,
                "palette": [f"#{number * 9:02x}{i * 40:02x}80" for i in range(5)],
            }
        )  # fmt: skip
        tables["image_files"].append(
            identity
            | {"version": "1", "status": "stored", "location": f"store:gone/{number}"}
        )
        tables["image_tags"].append(
            {
                "image_id": identity["image_id"], "valence": 0.0, "arousal": 0.0,
                "moods": strongest, "scores": scores[number].tolist(),
                "labelled": False, "strength": 1.0,
            }
        )  # fmt: skip
        tables["image_embeddings"].append(
            {
                "sha256": sha(number), "fingerprint": "painter/1",
                "embedding": embeddings[number].tolist(),
            }
        )  # fmt: skip
    return tables, embeddings


@pytest.fixture(scope="session")
def vocabulary():
    return load_vocabulary(CONFIG)


@pytest.fixture(scope="session")
def run_profile():
    rules = load_run_profile(CONFIG, "demo")
    board = rules.board.model_copy(
        update={"size": 6, "pool": 16, "max_per_artist": 4, "max_per_source": None}
    )
    return rules.model_copy(update={"board": board})


@pytest.fixture(scope="session")
def encoder():
    return HandcraftedMusicEncoder()


@pytest.fixture
def store(tmp_path, vocabulary, encoder):
    """Everything that a release of 24 pictures leaves in the store."""
    made = LocalStore(tmp_path / "store")
    tables, _ = picture_rows(list(vocabulary.moods))
    for name, rows in tables.items():
        write_table(made, name, frame(name, rows))
    rng = np.random.default_rng(4)
    for number in range(COUNT):
        pixels = rng.integers(0, 255, (6, 8, 3), np.uint8).repeat(12, 0).repeat(12, 1)
        made.write(thumbnail_key(sha(number)), encode_jpeg(pixels, longest_px=96))
    shape = (FEELING + encoder.dimension, DIMENSION)
    weight = rng.normal(size=shape).astype(np.float32)
    arrays = {"weight": weight, "bias": np.zeros(shape[1], np.float32)}
    write_arrays(made, "models/p.safetensors", arrays, {"kind": "ridge"})
    axes = {"directions": np.eye(len(AXES), DIMENSION, dtype=np.float32)}
    write_arrays(made, "models/d.safetensors", axes, {})
    publish(
        made,
        Release(
            collection="images_1", projection="models/p.safetensors", kind="ridge",
            truth="planted", directions="models/d.safetensors",
            vocabulary=vocabulary.digest,
            image_encoder="painter/1", music_encoder=encoder.fingerprint,
            licence="MIT", pictures=COUNT, sources=("north", "south"),
            made_at="2026-01-01T00:00:00+00:00", figures={},
        ),
    )  # fmt: skip
    return made


@pytest.fixture
def index(vocabulary):
    tables, embeddings = picture_rows(list(vocabulary.moods))
    image_ids = [f"p{number:02d}" for number in range(COUNT)]
    shared = with_feeling(embeddings, np.zeros((COUNT, 2)))
    facts = {
        row["image_id"]: row | {"moods": tags["moods"]}
        for row, tags in zip(
            tables["source_manifests"], tables["image_tags"], strict=True
        )
    }
    return MemoryIndex({"images_1": (image_ids, shared)}, facts=facts)


@pytest.fixture
def desk(store, index, encoder, run_profile, vocabulary):
    return open_desk(store, index, encoder, run_profile, vocabulary)


def sound(*frequencies, seconds=4.0, level=0.2):
    time = np.arange(int(seconds * RATE)) / RATE
    chord = sum(np.sin(2 * np.pi * hz * time) for hz in frequencies) * level
    buffer = io.BytesIO()
    soundfile.write(buffer, chord * np.linspace(1, 0.5, len(time)), RATE, format="WAV")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def chord():
    """Four seconds of A major as a WAV file."""
    return sound(220.0, 277.18, 329.63)


@pytest.fixture(scope="session")
def silence():
    return sound(220.0, level=0.0)


@pytest.fixture(scope="session")
def heard(chord, encoder, run_profile):
    return listen(chord, encoder, run_profile.audio)


@pytest.fixture
def song():
    return Song(
        board_id="chord-1",
        source="drops",
        source_key="sub folder/chord.wav",
        title="chord",
        audio_key="drops/sub folder/chord.wav",
    )
