"""A board made up for tests of its page: every picture one plain colour, known rules.

It passes through none of the code that composes boards, so that a page can be tested
on a pool of any size. Not a test.
"""

import colorsys
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from evoke_core.boards.refine import Pool, Refinement, choose_tiles, encode_vector
from evoke_core.config.fields import AXES
from evoke_core.pages.figures import MEASURES
from evoke_core.vectors import l2_normalize

DIMENSION, SECTIONS, SECTION_S = 24, 3, 4.0
_POLES = (
    ("calm", "energetic"),
    ("cool", "warm"),
    ("sparse", "intricate"),
    ("literal", "abstract"),
)


@dataclass(frozen=True, slots=True)
class PlantedBoard:
    """A board and what Python chooses its tiles with.

    Args:
        document: Of schema evoke.board/1.
        pool: Its candidates.
        refinement: Its queries and rules.
        colours: RGB of each picture.
    """

    document: dict[str, Any]
    pool: Pool
    refinement: Refinement
    colours: dict[str, tuple[int, int, int]]

    def ids(self, setting: Mapping[str, float]) -> list[str]:
        """Choose tiles in Python for a setting."""
        rows = choose_tiles(self.pool, self.refinement, setting)
        return [f"p{row:03d}" for row in rows]

    def images(self, ids: list[str], *, width: int) -> dict[str, bytes]:
        """Paint pictures plainly, as JPEG."""
        sizes = {one["image_id"]: one for one in self.document["candidates"]}
        return {key: _plain(self.colours[key], sizes[key], width) for key in ids}


def plant(
    count: int = 60, size: int = 12, *, setting: Mapping[str, float] | None = None
) -> PlantedBoard:
    """Make up a board of `size` tiles out of `count` candidates.

    Args:
        count: Candidates; every fifth is a near-duplicate of the one before it.
        size: Tiles wanted.
        setting: Where its sliders stand, None for at rest.
    """
    rng = np.random.default_rng(count)
    vectors = rng.integers(-127, 128, (count, DIMENSION)).astype(np.int8)
    pool = Pool(
        vectors=vectors,
        clusters=[f"c{row - (row % 5 == 4)}" for row in range(count)],
        artists=[f"artist {row % 9}" if row % 2 else None for row in range(count)],
        sources=["north" if row % 3 else "south" for row in range(count)],
    )
    refinement = Refinement(
        queries=l2_normalize(rng.normal(size=(1 + SECTIONS, DIMENSION))),
        whole_weight=0.5,
        directions=np.eye(len(AXES), DIMENSION),
        reach=0.8,
        balance=0.75,
        size=size,
        max_per_artist=3,
        max_per_source=None,
    )
    hues = [
        colorsys.hsv_to_rgb(n / count, 0.4 + 0.5 * (n % 2), 0.9) for n in range(count)
    ]
    colours = {
        f"p{row:03d}": (round(r * 255), round(g * 255), round(b * 255))
        for row, (r, g, b) in enumerate(hues)
    }
    made = PlantedBoard({}, pool, refinement, colours)
    made.document.update(_document(made, dict(setting or {})))
    return made


def _document(made: PlantedBoard, setting: dict[str, float]) -> dict[str, Any]:
    candidates = [_candidate(made, row) for row in range(len(made.pool.clusters))]
    by_id = {one["image_id"]: one for one in candidates}
    length_s = SECTIONS * SECTION_S
    steps = np.linspace(0.1, 0.9, 2 * SECTIONS)
    return {
        "schema": "evoke.board/1",
        "board_id": "planted",
        "track": {
            "title": "Planted", "artist": "Ann", "duration_s": length_s,
            "audio": "song.wav", "peaks": np.abs(np.sin(np.arange(200))).tolist(),
            "note": None,
        },
        "moods": [{"mood": "serene", "score": 1.0}, {"mood": "warm", "score": 0.5}],
        "emotion_profile": dict.fromkeys(MEASURES, 0.5),
        "arc": [
            {"start_s": 2.0 * at, "end_s": 2.0 * at + 2.0}
            | dict.fromkeys(MEASURES, float(value))
            for at, value in enumerate(steps)
        ],
        "sections": [
            {
                "index": at, "label": "ABC"[at], "start_s": at * SECTION_S,
                "end_s": (at + 1) * SECTION_S, "query_index": at + 1,
            }
            for at in range(SECTIONS)
        ],
        "palette": ["#8f3a2b", "#c7b299", "#2f4858", "#f6ae2d", "#111111"],
        "tiles": [by_id[key] for key in made.ids(setting)],
        "candidates": candidates,
        "refinement": _refinement(made.refinement) | {"setting": setting},
        "notes": [],
        "release": {
            "release_id": "r1", "made_at": "2026-01-01T00:00:00+00:00",
            "bridge": "affect", "image_encoder": "painter/1",
            "music_encoder": "listener/1", "licence": "MIT",
        },
    }  # fmt: skip


def _candidate(made: PlantedBoard, row: int) -> dict[str, Any]:
    key = f"p{row:03d}"
    plain = "#{:02x}{:02x}{:02x}".format(*made.colours[key])
    return {
        "image_id": key,
        "source": made.pool.sources[row],
        "artist": made.pool.artists[row],
        "cluster_id": made.pool.clusters[row],
        "width_px": 400,
        "height_px": (300, 400, 520)[row % 3],
        "title": f"Picture {row}",
        "attribution": f"credit {row}",
        "licence": "CC0-1.0",
        "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        "url": f"https://example.org/{row}",
        "palette": [plain, "#808080", "#202020"],
        "thumbnail": None,
        "section": row % SECTIONS,
        "why": ["serene"],
        "vector": encode_vector(made.pool.vectors[row]),
    }


def _refinement(rules: Refinement) -> dict[str, Any]:
    return {
        "dimension": DIMENSION,
        "board_size": rules.size,
        "balance": rules.balance,
        "reach": rules.reach,
        "max_per_artist": rules.max_per_artist,
        "max_per_source": rules.max_per_source,
        "queries": [
            {"name": str(row), "weight": rules.whole_weight, "vector": query.tolist()}
            for row, query in enumerate(rules.queries)
        ],
        "axes": [
            {"name": name, "low": low, "high": high, "direction": direction.tolist()}
            for name, (low, high), direction in zip(
                AXES, _POLES, rules.directions, strict=True
            )
        ],
    }


def _plain(colour: tuple[int, int, int], shape: Mapping[str, int], width: int) -> bytes:
    height = width * shape["height_px"] // shape["width_px"]
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
