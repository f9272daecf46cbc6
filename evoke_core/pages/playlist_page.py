"""The playlist page: pictures that asked as a strip, tracks that answer as rows.

One HTML file that works alone. Sound is linked where it lies in the store, never held.
Choosing tracks is `playlists`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evoke_core.errors import BoardError
from evoke_core.pages import figures
from evoke_core.pages.accent import safe_palette
from evoke_core.pages.captions import alt, count, credit_of, listed, that_feel_like
from evoke_core.pages.document import (
    clock,
    data_uri,
    favicon,
    json_block,
    relative_link,
    render_document,
)
from evoke_core.pages.rules import accent_rules, place_rules

SCHEMA = "evoke.playlist/1"
_MOODS_SHOWN = 4
_PALETTE_PICTURES = 8  # whose colours the accent is chosen from
Document = Mapping[str, Any]


def render_playlist(playlist: Document, *, images: Sequence[bytes]) -> str:
    """Write a playlist as one self-contained HTML document.

    Args:
        playlist: Of schema "evoke.playlist/1".
        images: JPEG of each picture that asked; b"" shows its colours instead.

    Returns:
        HTML; deterministic for the same input.

    Raises:
        BoardError: The schema is another one.
    """
    if playlist["schema"] != SCHEMA:
        raise BoardError(
            f"playlist {playlist['playlist_id']}: schema {playlist['schema']!r}, this "
            f"page reads {SCHEMA!r}; make the playlist again with this version"
        )
    asked = playlist["asked"]
    pictures = [_picture(*pair) for pair in zip(asked["pictures"], images, strict=True)]
    tracks = [_track(one) for one in playlist["tracks"]]
    palette = _palette(asked["pictures"])
    return render_document(
        "playlist.html",
        {
            "name": asked["name"],
            "board": relative_link(asked["board"]),
            "moods": playlist["moods"][:_MOODS_SHOWN],
            "pictures": pictures,
            "tracks": tracks,
            "facts": _facts(playlist),
            "description": _description(playlist),
            "refusals": playlist["refusals"],
            "notes": playlist["notes"],
            "release": playlist["release"],
            "made_on": str(playlist["release"]["made_at"])[:10],
            "favicon": favicon(palette),
            "data": json_block([_playable(one) for one in tracks]),
        },
        styles=("board.css", "playlist.css"),
        scripts=("clock.js", "notices.js", "playlist.js"),
        rules=_rules(palette, asked["pictures"], playlist["tracks"]),
    )


def _picture(picture: Document, image: bytes) -> dict[str, Any]:
    shown = {"alt": alt(picture), "image": data_uri(image) if image else None}
    return credit_of(picture) | shown


def _track(track: Document) -> dict[str, Any]:
    duration_s = float(track["duration_s"])
    return {
        "title": track["title"],
        "artist": track["artist"],
        "length": clock(duration_s),
        "duration_s": duration_s,
        "moods": track["moods"][:_MOODS_SHOWN],
        "shared": set(track["why"]),
        "why": _reason([str(mood) for mood in track["why"]]),
        "nearest": _nearest(track["passage"]),
        "near": round(100 * _held(track)),
        "ribbon": figures.ribbon_path(track["peaks"], track["arc"], duration_s),
        "stops": figures.ribbon_stops(track["arc"], duration_s),
        "passage": track["passage"] is not None,
        "audio": relative_link(track["audio"]),
        "board": relative_link(track["board"]),
        "credit": track["attribution"],
        "licence": track["licence"],
    }


def _held(track: Document) -> float:
    """Hold a score between 0, the average picture, and 1, the track's own board."""
    return min(1.0, max(0.0, float(track["score"])))


def _playable(track: Document) -> dict[str, Any]:
    return {name: track[name] for name in ("title", "audio", "duration_s", "length")}


def _reason(moods: Sequence[str]) -> str:
    if not moods:
        return "Close to the pictures. "
    return f"Shares {listed(moods)} with the pictures. "


def _nearest(passage: Document | None) -> str:
    if passage is None:
        return ""
    start, end = (clock(passage[name]) for name in ("start_s", "end_s"))
    return f"Nearest from {start} to {end}"


def _facts(playlist: Document) -> str:
    asked, tracks = len(playlist["asked"]["pictures"]), playlist["tracks"]
    length = clock(sum(float(one["duration_s"]) for one in tracks))
    return " · ".join(
        [
            count(asked, "picture"),
            f"{len(tracks)} of {count(playlist['library_size'], 'track')}",
            length,
        ]
    )


def _description(playlist: Document) -> str:
    moods = ", ".join(str(mood) for mood in playlist["moods"][:_MOODS_SHOWN])
    name = str(playlist["asked"]["name"])
    return f"{that_feel_like(len(playlist['tracks']), 'track', name)}: {moods}."


def _palette(pictures: Sequence[Document]) -> list[str]:
    return safe_palette(
        [c for one in pictures[:_PALETTE_PICTURES] for c in one["palette"][:3]]
    )


def _rules(
    palette: Sequence[str], pictures: Iterable[Document], tracks: Iterable[Document]
) -> str:
    """Write this playlist's own colours and places as CSS; only checked values."""
    rules = [accent_rules(palette), place_rules(pictures, "#asked-{}")]
    for number, one in enumerate(tracks):
        rules.append(f"#near-{number}{{width:{100 * _held(one):.1f}%}}")
        if one["passage"] is not None and float(one["duration_s"]) > 0:
            start, end = (
                100 * float(one["passage"][name]) / float(one["duration_s"])
                for name in ("start_s", "end_s")
            )
            rules.append(
                f"#passage-{number}{{left:{start:.2f}%;"
                f"width:{min(end, 100.0) - start:.2f}%}}"
            )
    return "".join(rules)
