"""The words that an image of a song begins with; no song is without any.

A text beside the song comes first, then what its file carries, then its title and
moods: an instrumental is remembered by how it felt. Which of them was taken is said,
since a text model is steered by whatever it is given.

Not here: reading texts (lyrics) and files (tags), what a text model makes of words
(text_encoder).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evoke_core.memory.lyrics import SungText, read_lyrics
from evoke_core.memory.tags import embedded_lyrics
from evoke_core.music.readers import Recording

Origin = Literal["sidecar", "embedded", "moods"]
_NOTHING_KNOWN = "instrumental music"


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to the text model.

    Args:
        text: At least one word; lines ended by a line feed.
        origin: Where it comes from.
        note: What was left out, and why; None where nothing was. Never quotes lyrics.
    """

    text: str
    origin: Origin
    note: str | None = None


def find_words(
    recording: Recording,
    sidecar: bytes | str | None,
    *,
    title: str | None,
    moods: Sequence[str],
) -> Words:
    """Find the words of a song; see `choose_words`.

    Args:
        recording: The song's file, whose tags may hold lyrics.
        sidecar: What lies beside it, as bytes or decoded; None where nothing does.
        title: Of the song.
        moods: Names of its moods, the strongest first.
    """
    beside = None if sidecar is None else read_lyrics(sidecar)
    carried = None
    if beside is None or not beside.text:
        found = embedded_lyrics(recording)
        carried = None if found is None else read_lyrics(found)
    return choose_words(beside, carried, title=title, moods=moods)


def choose_words(
    sidecar: SungText | None,
    embedded: SungText | None,
    *,
    title: str | None,
    moods: Sequence[str],
) -> Words:
    """Choose lyrics beside the song, else in its tags, else its title and moods.

    Args:
        sidecar: None where there is no file.
        embedded: None where there is no tag.
        title: Of the song; None where it is unknown.
        moods: Names of its moods, the strongest first; may be empty.
    """
    notes = []
    offered: tuple[tuple[Origin, SungText | None], ...] = (
        ("sidecar", sidecar),
        ("embedded", embedded),
    )
    for origin, sung in offered:
        if sung is None:
            continue
        if sung.note:
            notes.append(f"{origin}: {sung.note}")
        if sung.text:
            return Words(sung.text, origin, _joined(notes))
    notes.append("no lyrics: the title and moods of the song are its words")
    named = [" ".join(each.split()) for each in (title or "", *moods)]
    text = ", ".join(each for each in named if each)
    return Words(text or _NOTHING_KNOWN, "moods", _joined(notes))


def _joined(notes: Sequence[str]) -> str | None:
    return "; ".join(notes) or None
