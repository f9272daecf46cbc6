"""A small store with something of everything, some of it hostile. Not a test."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from PIL import Image

from evoke_core.corpus.survey import thumbnail_key
from evoke_core.drops.drop import drop_of
from evoke_core.release import Release
from evoke_core.schemas import TABLES
from evoke_core.status.health import Health
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import write_arrays, write_table
from evoke_core.vectors import l2_normalize

HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}"
DIMENSION, FEELING = 6, 4
PICTURES, TRACKS, WINDOWS = 24, 5, 3
COLLECTION = "images_2_planted"
_ROOT = {"rated_valence": None, "rated_arousal": None, "family": None}
_NOT_PLANTED = {"planted_valence": None, "planted_arousal": None}


def plant_store(store: LocalStore) -> LocalStore:
    """Fill a store: pictures, tracks, a report, a release, a board and drops."""
    plant_pictures(store)
    plant_music(store)
    plant_bridge(store)
    plant_release(store)
    plant_board(store)
    plant_drops(store)
    return store


def image_ids() -> list[str]:
    return [f"p{number:02d}" for number in range(PICTURES)]


def affect_of(number: int, of: int) -> tuple[float, float]:
    """Places on a circle, so that both axes are needed."""
    angle = 2 * np.pi * number / of
    return float(np.cos(angle)) * 0.9, float(np.sin(angle)) * 0.6


def plant_pictures(store: LocalStore) -> None:
    """Twenty-four: one failed to arrive, one is unread, two copies, two only teach."""
    rng = np.random.default_rng(3)
    ids = image_ids()
    name = [HOSTILE if row % 2 else "north" for row in range(PICTURES)]
    base = [
        {"image_id": i, "source": s, "source_key": f"{i}.jpg"}
        for i, s in zip(ids, name, strict=True)
    ]
    write(store, "source_manifests", [
        one | _ROOT | _NOT_PLANTED | {
            "title": HOSTILE, "artist": None, "licence": HOSTILE,
            "attribution": HOSTILE,
            "licence_url": "javascript:alert(1)", "url": "https://example.org/p",
            "keywords": [], "stratum": None, "addresses": [], "md5": None,
            "version": "1", "served": True, "duplicate_of": None,
        } for one in base
    ])  # fmt: skip
    write(store, "image_files", [
        one | {
            "version": "1", "status": "stored" if row else "failed",
            "reason": None if row else "dead_link", "detail": None,
            "location": f"pictures/{one['image_id']}", "size_bytes": 1,
        } for row, one in enumerate(base)
    ])  # fmt: skip
    blank = dict.fromkeys(TABLES["image_facts"].columns)
    write(store, "image_facts", [
        blank | one | {
            "version": "1", "status": "measured" if row != 1 else "failed",
            "reason": None if row != 1 else "truncated", "sha256": sha(one["image_id"]),
            "width_px": 64, "height_px": 48, "palette": ["#224466"],
            "attributes": [0.5] * 4, "measured_by": "1",
        } for row, one in enumerate(base) if row
    ])  # fmt: skip
    write(store, "curated_images", [
        one | {
            "status": "duplicate" if row in (2, 3) else "kept",
            "reason": "near_duplicate" if row in (2, 3) else None, "detail": None,
            "note": None, "aesthetic": None, "served": row not in (4, 5),
        } for row, one in enumerate(base) if row > 1
    ])  # fmt: skip
    vectors = l2_normalize(rng.normal(size=(PICTURES, DIMENSION)))
    write(store, "image_embeddings", [
        {
            "sha256": sha(image_id), "fingerprint": "f",
            "embedding": vectors[row].tolist(),
        } for row, image_id in enumerate(ids)
    ])  # fmt: skip
    write(store, "image_tags", [
        {
            "image_id": image_id, "valence": affect_of(row, PICTURES)[0],
            "arousal": affect_of(row, PICTURES)[1], "moods": ["bright"],
            "scores": [0.5, 0.5], "labelled": False, "strength": 1.0,
        } for row, image_id in enumerate(ids)
    ])  # fmt: skip
    for row, image_id in enumerate(ids):
        store.write(thumbnail_key(sha(image_id)), jpeg(row))


def plant_music(store: LocalStore) -> None:
    """Five tracks of three windows each."""
    rng = np.random.default_rng(4)
    ids = [f"t{number}" for number in range(TRACKS)]
    write(store, "track_manifest", [
        _ROOT | _NOT_PLANTED | {
            "track_id": one, "source": "library", "source_key": one, "title": HOSTILE,
            "licence": "CC0", "location": "none", "labels": [],
        } for one in ids
    ])  # fmt: skip
    parts = [(row, part) for row in range(TRACKS) for part in range(WINDOWS + 1)]
    vectors = l2_normalize(rng.normal(size=(len(parts), DIMENSION)))
    places = [affect_of(row * 2 + part, 2 * TRACKS) for row, part in parts]
    keys = [{"track_id": ids[row], "part": part} for row, part in parts]
    write(store, "track_embeddings", [
        key | {
            "start_s": 0.0, "end_s": 5.0, "sha256": "s", "fingerprint": "f",
            "valence": at[0], "arousal": at[1], "embedding": vector.tolist(),
        } for key, vector, at in zip(keys, vectors, places, strict=True)
    ])  # fmt: skip
    write(store, "track_tags", [
        key | {
            "valence": at[0], "arousal": at[1], "moods": ["calm", "bright"],
            "scores": [0.5, 0.5], "labelled": False,
        } for key, at in zip(keys, places, strict=True)
    ])  # fmt: skip


def plant_bridge(store: LocalStore, **values: float) -> None:
    """A report in which the bridge is best, unless values say otherwise."""
    values = {"bridge": 0.8, "ridge": 0.5, "chance": 0.2, "mean": 0.2} | values
    figures = {kind: {m: figure(v) for m in METRICS} for kind, v in values.items()}
    report = {"truth": "planted", "figures": {"label": {"music_to_image": figures}}}
    store.write("reports/bridge_report.json", json.dumps(report).encode())


METRICS = ("mrr", "precision_at_5", "auc")


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05, "n": 40}


def plant_release(store: LocalStore, **changes: Any) -> Release:
    """A release whose projection is the song's own place in the space."""
    dimension = FEELING + DIMENSION
    arrays = {
        "weight": np.eye(dimension, dtype=np.float32),
        "bias": np.zeros(dimension, np.float32),
    }
    write_arrays(store, "models/p.safetensors", arrays, {"kind": "bridge"})
    named = {
        "collection": COLLECTION, "projection": "models/p.safetensors",
        "kind": "bridge", "truth": "planted", "directions": "models/d.safetensors",
        "vocabulary": "v", "image_encoder": "looks/1", "music_encoder": "sounds/1",
        "licence": HOSTILE, "pictures": 18, "sources": ("north",),
        "made_at": "2026-03-01T10:00:00+00:00", "figures": {}, "calibration": None,
    } | changes  # fmt: skip
    release = Release(**named)
    told = asdict(release) | {"previous": None}
    store.write("release.json", json.dumps(told).encode())
    return release


def plant_board(store: LocalStore, board_id: str = "night-0123456789") -> None:
    """A board of four sections, the last as the first."""
    asked = [[0.0] * (FEELING + DIMENSION) for _ in range(4)]
    for number, one in enumerate(asked):
        one[number] = 1.0
    document = {
        "schema": "evoke.board/1", "board_id": board_id,
        "track": {
            "title": HOSTILE, "artist": HOSTILE, "duration_s": 62.0, "note": None,
            "source": "drops",
        },
        "moods": [{"mood": "bright", "score": 1.0}],
        "palette": ["#aa3311", "url(evil)"],
        "tiles": [{"image_id": one, "thumbnail": "x"} for one in image_ids()[6:12]],
        "sections": [
            {"label": label, "start_s": 10.0 * at, "query_index": index}
            for at, (label, index) in enumerate(zip("ABCA", (1, 2, 3, 1), strict=True))
        ],
        "refinement": {"axes": [], "queries": [{"vector": one} for one in asked]},
    }  # fmt: skip
    store.write(f"boards/{board_id}/board.json", json.dumps(document).encode())


def plant_drops(store: LocalStore) -> None:
    """One done, one set aside, two waiting; a sidecar is no song."""
    for name in ("done.flac", "waits.flac", "waits too.mp3", "waits.txt"):
        store.write(f"drops/{name}", name.encode())
    done = drop_of("drops/done.flac", store.etag("drops/done.flac") or "")
    plant_board(store, done.drop_id)
    record = {"source_key": HOSTILE, "reason": "no_sound", "message": HOSTILE}
    store.write("quarantine/bad-1.json", json.dumps(record).encode())
    store.write("quarantine/bad-1/bad.flac", b"x")


def well(pictures: int = 18) -> Health:
    return Health(
        COLLECTION, pictures, pictures, 1.0, COLLECTION, None,
        previous_is_there=False, problems=(),
    )  # fmt: skip


def sha(image_id: str) -> str:
    return f"{image_id}{'0' * 61}"


def jpeg(seed: int) -> bytes:
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((192, 128), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def write(store: LocalStore, name: str, rows: Sequence[dict[str, Any]]) -> None:
    frame = TABLES[name].frame(list(rows))
    write_table(store, name, frame)
