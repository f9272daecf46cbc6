"""The words on pages: why a picture is here, whose it is, what was asked for.

What pictures are credited with comes from the document as it is. Nothing is escaped
here; the templates do that.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from evoke_core.pages.document import clock, web_link

MOODS_SHOWN = 4
_FILTERED = {
    "sources": "from",
    "licences": "under",
    "moods": "that feel",
}


def why(moods: Sequence[str], section: Mapping[str, Any] | None) -> str:
    """Say in a few words under a tile why it is here."""
    parts = [listed(moods)] if moods else []
    if section is not None:
        parts.append(f"section {section['label']}")
    return " · ".join(parts) or "close to the whole song"


def reason(moods: Sequence[str], section: Mapping[str, Any] | None) -> str:
    """Say in a sentence beside the large picture why it is here."""
    shared = f"Shares {listed(moods)} with the song" if moods else "Close to the song"
    if section is None:
        return f"{shared} as a whole." if not moods else f"{shared}."
    return f"{shared}, nearest to section {section['label']} ({span(section)})."


def lineage(board: Mapping[str, Any]) -> dict[str, Any] | None:
    """Say how this board differs from its song's plain one; None where it doesn't.

    Returns:
        `said`, sentences, and `link` to the board it was refined from, or None.
    """
    origin = board.get("refined_from")
    asked = board["refinement"].get("filters") or {}
    chosen = [
        _towards(axis, setting(board).get(str(axis["name"]), 0.0))
        for axis in board["refinement"]["axes"]
    ]
    said = (
        [f"It leans {listed([one for one in chosen if one])}."] if any(chosen) else []
    )
    only = [
        f"{lead} {listed([str(one) for one in asked[name]], last='or')}"
        for name, lead in _FILTERED.items()
        if asked.get(name)
    ]
    said += [f"Only pictures {', '.join(only)} are shown."] if only else []
    if not origin and not said:
        return None
    return {
        "said": said,
        "link": f"../{quote(str(origin), safe='')}/board.html" if origin else None,
    }


def setting(board: Mapping[str, Any]) -> dict[str, float]:
    """Give the slider positions that the stored tiles were chosen at."""
    stored = board["refinement"].get("setting") or {}
    names = [str(axis["name"]) for axis in board["refinement"]["axes"]]
    return {name: float(stored[name]) for name in names if stored.get(name)}


def description(board: Mapping[str, Any]) -> str:
    """Say in a sentence what the page is, for previews of its address."""
    track = board["track"]
    by = f" by {track['artist']}" if track["artist"] else ""
    moods = ", ".join(str(one["mood"]) for one in board["moods"][:MOODS_SHOWN])
    what = that_feel_like(len(board["tiles"]), "picture", f"{track['title']}{by}")
    return f"{what}: {moods}." if moods else f"{what}."


def notes(board: Mapping[str, Any]) -> list[str]:
    """List what a listener should know of the song and the board, each once."""
    said = [board["track"]["note"], *board["notes"]]
    return list(dict.fromkeys(str(one) for one in said if one))


def alt(picture: Mapping[str, Any]) -> str:
    """Name a picture for those who can't see it."""
    name = picture["title"] or "Untitled"
    return f"{name}, {picture['artist']}" if picture["artist"] else name


def credit_of(picture: Mapping[str, Any]) -> dict[str, Any]:
    """Say whose a picture is; addresses that are none of the web's are left out.

    Args:
        picture: With title, attribution, licence, licence_url and url.
    """
    return {
        "name": picture["title"] or "Untitled",
        "credit": picture["attribution"],
        "licence": picture["licence"],
        "licence_url": web_link(picture["licence_url"]),
        "url": web_link(picture["url"]),
    }


def count(number: int, one: str) -> str:
    """Say a number of things: "1 board", "1,200 boards"."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def that_feel_like(number: int, one: str, name: str) -> str:
    """Say how many answer to a name: "1 track that feels like Dusk"."""
    feel = "feels" if number == 1 else "feel"
    return f"{count(number, one)} that {feel} like {name}"


def listed(words: Sequence[str], *, last: str = "and") -> str:
    """Say words one after the other: "calm, warm and bright"."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def span(section: Mapping[str, Any]) -> str:
    """Write when a section plays: 0:20-0:33, with an en dash."""
    return f"{clock(section['start_s'])}–{clock(section['end_s'])}"  # noqa: RUF001


def _towards(axis: Mapping[str, Any], value: float) -> str:
    pole = axis["high"] if value > 0 else axis["low"]
    return f"{round(abs(value) * 100)} % towards {pole}" if value else ""
