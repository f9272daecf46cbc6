"""Where a memory is kept: the image and its card beside the board, the rest in private.

    boards/<id>/memory.png, memory.json        what may be shown; the card is last
                                               and stands for what was refused, too
    private/memory/<id>/...                     stems, states, strengths, never shown

What is under `private/` holds the song's sound, or lets it be guessed; nothing that is
shared is read from there.

Not here: what the card says (card), the board's page (boards.cover).
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from evoke_core.memory.attempts import forget_attempts
from evoke_core.memory.card import CARD, IMAGE, SCHEMA, describe_memory
from evoke_core.memory.remember import (
    Memory,
    RememberedSong,
    fingerprint_of,
    remember,
)
from evoke_core.memory.sheet import strengths_sheet
from evoke_core.memory.studio import Studio
from evoke_core.music.readers import Recording, recording_sha256
from evoke_core.storage.store import Store
from evoke_core.storage.tables import write_arrays

PRIVATE = "private/memory/"


def remember_once(
    song: RememberedSong, audio: Recording, studio: Studio, *, afresh: bool = False
) -> tuple[dict[str, Any], Memory | None]:
    """Remember a song and keep it, unless this very memory is there already.

    Args:
        song: What is known of it.
        audio: The bytes of its file, or its path.
        studio: Models, rules and store.
        afresh: Also remember again what is there.

    Returns:
        The card, and the memory where it was made now.

    Raises:
        TrackRefused: The song can't be used; nothing was written beside its board.
        ConfigError: The weights don't fit each other, or give no numbers.
    """
    sha256 = recording_sha256(audio)
    fingerprint = fingerprint_of(song, sha256, studio)
    known = read_card(studio.store, song.song_id)
    if known and known["fingerprint"] == fingerprint and not afresh:
        return known, None
    memory = remember(song, audio, studio)
    card = describe_memory(memory, studio, fingerprint)
    keep(memory, card, studio.store)
    return card, memory


def keep(memory: Memory, card: Mapping[str, Any], store: Store) -> None:
    """Store a memory; its card is written last and says that the rest is there."""
    song_id = memory.song.song_id
    private, board = f"{PRIVATE}{song_id}", f"boards/{song_id}"
    arrays = {
        "vector": memory.sound.heard.vector,
        "direction": memory.direction.vector,
        "text": memory.text.states,
        "is_word": memory.text.is_word,
        "states": memory.states,
    }
    write_arrays(store, f"{private}/states.safetensors", arrays, dict(card))
    pngs = {at: drawn.png for at, drawn in memory.drawings.items()}
    store.write(strengths_key(song_id), strengths_sheet(pngs, memory.distances))
    for strength, png in pngs.items():
        if png is not None:
            store.write(f"{private}/strength-{strength:g}.png", png)
    if memory.drawing.png is None:
        store.delete(f"{board}/{IMAGE}")  # of before, which its rules no longer make
    else:
        store.write(f"{board}/{IMAGE}", memory.drawing.png)
    settle(store, card)


def settle(store: Store, card: Mapping[str, Any]) -> None:
    """Write a card; younger than its board, it says that nothing is left to do."""
    text = json.dumps(card, ensure_ascii=False, indent=1)
    key = f"boards/{card['board_id']}/{CARD}"
    store.write(key, text.encode(errors="backslashreplace"))


def refuse(store: Store, song_id: str, reason: str, message: str) -> None:
    """Write down why a board has no image, so that it is not asked for again.

    Args:
        store: Where the board is.
        song_id: Of the board.
        reason: As of TrackRefused; "broken" where runs broke over the song.
        message: What happened, and what mends it.
    """
    said = {"status": "refused", "reason": reason, "message": message, "image": None}
    settle(store, {"schema": SCHEMA, "board_id": song_id, **said})
    forget_attempts(store, song_id)


def read_card(store: Store, song_id: str) -> dict[str, Any] | None:
    """Read the card of a whole memory; None where there is none, or its image went.

    A card that says why there is no image is none of a memory.
    """
    folder = f"boards/{song_id}"
    try:
        card: dict[str, Any] = json.loads(store.read(f"{folder}/{CARD}"))
        image = card["image"]
        if card["schema"] != SCHEMA or "fingerprint" not in card:
            return None
        if image is None:
            return card
        found = hashlib.sha256(store.read(f"{folder}/{IMAGE}")).hexdigest()
    except (KeyError, TypeError, ValueError):
        return None
    return card if found == image["sha256"] else None


def strengths_key(song_id: str) -> str:
    """Say where the contact sheet of a song's strengths lies, a PNG."""
    return f"{PRIVATE}{song_id}/strengths.png"
