"""The card of an image: `memory.json`, schema evoke.memory/1. What made it, and how.

It lies beside the board and may be read by whoever sees it: no line of the lyrics and
no sound stands in it.

Not here: the cover's place on the board's page (boards.cover).
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from evoke_core.config.memory import TINY
from evoke_core.memory.demucs_model import STEMS
from evoke_core.memory.diffusion_model import FAMILY
from evoke_core.memory.fusion import FusionRules, norm_drift
from evoke_core.memory.remember import Memory
from evoke_core.memory.studio import Studio
from evoke_core.memory.terms import terms_of
from evoke_core.vectors import Array

SCHEMA = "evoke.memory/1"
IMAGE, CARD = "memory.png", "memory.json"
_WITHHELD = {
    "flagged": (
        "the safety checker of the diffusion model flagged the image, so there is "
        "none; another seed or strength gives another one"
    ),
    "not_finite": (
        "the diffusion model gave no numbers, so there is no image; say precision: "
        "fp32 under memory, and fetch the weights again if that does not help"
    ),
}
_ORIGINS = {
    "sidecar": "the lyrics that lie beside the song",
    "embedded": "the lyrics in the song's file",
    "moods": "the song's title and moods",
}


def describe_memory(memory: Memory, studio: Studio, fingerprint: str) -> dict[str, Any]:
    """Write down a memory.

    Args:
        memory: From the song to the image.
        studio: What it was made with.
        fingerprint: Of all that it depends on, see `remember.fingerprint_of`.

    Returns:
        The card; `status` is "drawn", or "withheld" with a reason and no image.
    """
    drawing = memory.drawing
    return {
        "schema": SCHEMA,
        "board_id": memory.song.song_id,
        "title": memory.song.title,
        "status": "drawn" if drawing.png else "withheld",
        "reason": drawing.reason,
        "message": _WITHHELD[drawing.reason] if drawing.reason else None,
        "image": _image(drawing.png, studio),
        "seed": memory.seed,
        "words": _words(memory),
        "sound": _sound(memory, studio),
        "fusion": _fusion(memory, studio),
        "drawing": studio.painter.about,
        "models": _models(studio),
        "fingerprint": fingerprint,
        "digests": {
            "vector": _digest(memory.sound.heard.vector),
            "states": _digest(memory.states),
        },
        "seconds": {name: round(each, 3) for name, each in memory.spent.items()},
    }


def cover_of(card: Mapping[str, Any]) -> dict[str, str] | None:
    """Say how an image is shown on its board; None where there is none.

    Returns:
        image and card (names of files), alt, credit and licence.
    """
    if card["image"] is None:
        return None
    model = card["drawing"]["model"]
    by = "random weights" if model == TINY.diffusion else model
    terms = {one["family"]: one for one in card["models"]}[FAMILY]
    said = _ORIGINS[card["words"]["origin"]]
    return {
        "image": card["image"]["file"],
        "card": CARD,
        "alt": f"An image drawn from the sound of {card['title']} and {said}",
        "credit": f"Drawn by {by}",
        "licence": terms["licence"],
    }


def _image(png: bytes | None, studio: Studio) -> dict[str, Any] | None:
    if png is None:
        return None
    side_px = studio.rules.side_px
    sha256 = hashlib.sha256(png).hexdigest()
    return {"file": IMAGE, "sha256": sha256, "width_px": side_px, "height_px": side_px}


def _words(memory: Memory) -> dict[str, Any]:
    return {
        "origin": memory.words.origin,
        "said": _ORIGINS[memory.words.origin],
        "note": memory.words.note,
        "reading": memory.text.note,
        "tokens": int(memory.text.is_word.sum()),
    }


def _sound(memory: Memory, studio: Studio) -> dict[str, Any]:
    heard = memory.sound.heard
    levels = zip(STEMS, heard.levels_db, strict=True)
    return {
        "duration_s": round(heard.duration_s, 3),
        "windows": heard.windows,
        "hop_s": studio.rules.hop_s,
        "stem_levels_db": {stem: round(level, 1) for stem, level in levels},
        "sum_of_stems_snr_db": round(heard.snr_db, 1),
    }


def _fusion(memory: Memory, studio: Studio) -> dict[str, Any]:
    moved = memory.moved_by_words
    return {
        "strength": memory.strength,
        "gate": FusionRules().gate,
        "presence": round(memory.direction.presence, 4),
        "projection": studio.projection.origin,
        "norm_drift": norm_drift(memory.text.states, memory.states),
        "distance_from_text_by_strength": {
            f"{strength:g}": round(distance, 6)
            for strength, distance in memory.distances.items()
        },
        "moved_by_sound": round(memory.distances[memory.strength], 6),
        "moved_by_words": None if moved is None else round(moved, 6),
    }


def _models(studio: Studio) -> list[dict[str, Any]]:
    rules = studio.rules
    fingerprints = {
        "demucs": (rules.separator, studio.separator.fingerprint),
        "openl3": (rules.openl3, studio.ears.fingerprint),
        FAMILY: (rules.diffusion, studio.painter.fingerprint),
    }
    return [
        {
            "family": family,
            "name": fingerprints[family][0],
            "fingerprint": fingerprints[family][1],
            "licence": terms.licence,
            "terms": terms.said,
            "commercial_use_is_clear": terms.commercial,
        }
        for family, terms in terms_of(rules).items()
    ]


def _digest(array: Array) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()
