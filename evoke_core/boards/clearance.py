"""What of a board may be seen by everyone: an allow-list, and a judge of licences.

Fields are taken over one by one, so that what a later version adds to a document stays
at home until someone has thought about it. Drawing the copy is `share`.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from evoke_core.boards.refine import choose_tiles, relevance_of
from evoke_core.boards.stored import as_tile, read_pool, read_refinement
from evoke_core.corpus.download.guard import is_odd_number, is_public
from evoke_core.corpus.licences import Licences, Policy
from evoke_core.drops.drop import slug
from evoke_core.errors import BoardError
from evoke_core.pages.board_page import SHARED
from evoke_core.pages.document import web_link
from evoke_core.storage.store import digest
from evoke_core.vectors import mean_pairwise_distance

_BOARD = (
    "schema", "moods", "mood_scores", "emotion_profile", "arc", "sections", "palette",
    "refinement", "relevance", "diversity", "notes", "release",
)  # fmt: skip
_TRACK = ("title", "artist", "duration_s", "peaks", "note")
_PICTURE = (
    "image_id", "source", "title", "artist", "attribution", "licence", "width_px",
    "height_px", "palette", "cluster_id", "score", "section", "why", "vector",
)  # fmt: skip
# Of what bars commerce, only these let anyone pass a picture on for nothing; the others
# bar new arrangements, or everyone but the one who was given it.
_FOR_NOTHING = frozenset(("CC-BY-NC", "CC-BY-NC-SA", "non-commercial"))
# Zones that the web does not know: RFC 6762 (appendix G, too), RFC 8375, RFC 6761.
_INSIDE = (
    ".local", ".lan", ".home", ".home.arpa", ".internal", ".intranet", ".private",
    ".corp", ".localdomain", ".localhost",
)  # fmt: skip
_NAMED = 10
_SECRETS = re.compile(r"[?&](x-amz-|signature=|token=|awsaccesskeyid=)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be shown to the public.

    Args:
        licences: The known ones.
        policy: The profile's; under "commercial" what bars commerce is barred.
        leave_out: Whether barred pictures are left out, instead of the board refused.
    """

    licences: Licences
    policy: Policy
    leave_out: bool = False

    def admits(self, licence: str) -> bool:
        """Tell whether everyone may be shown a picture under a licence."""
        if self.licences.allowed(licence, "commercial"):
            return True
        found = self.licences.find(licence)
        return (
            self.policy == "research" and found is not None and found.id in _FOR_NOTHING
        )


def clear_document(
    document: Mapping[str, Any], rules: Rules
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Take over what may be seen of a board.

    Args:
        document: Schema evoke.board/1.
        rules: What may be shown.

    Returns:
        The document of the copy, and a line on each picture that was left out. Without
        some of its pictures the board is chosen again from the others.

    Raises:
        BoardError: A picture may not be shown and is not to be left out, or none is
            left.
    """
    barred = [
        one for one in document["candidates"] if not rules.admits(str(one["licence"]))
    ]
    if barred and not rules.leave_out:
        raise BoardError(_refusal(document, barred))
    ids = {one["image_id"] for one in barred}
    candidates = [one for one in document["candidates"] if one["image_id"] not in ids]
    if not candidates:
        raise BoardError(
            f"board {document['board_id']}: none of its pictures may be shown to the "
            "public; give them a licence that allows it, or choose another board"
        )
    changed = _chosen_again(document, candidates) if ids else {}
    cleared = {
        **{name: document[name] for name in _BOARD if name in document},
        "board_id": _public_id(document),
        "track": _track(document),
        "tiles": document["tiles"],
        "candidates": candidates,
        **changed,
    }
    for part in ("tiles", "candidates"):
        cleared[part] = [_picture(one) for one in cleared[part]]
    return cleared, tuple(map(_named, barred))


def _refusal(document: Mapping[str, Any], barred: Sequence[Mapping[str, Any]]) -> str:
    tiles = {tile["image_id"] for tile in document["tiles"]}
    on_board = sum(one["image_id"] in tiles for one in barred)
    named = "; ".join(_named(one) for one in barred[:_NAMED])
    rest = f" and {len(barred) - _NAMED} others" if len(barred) > _NAMED else ""
    return (
        f"board {document['board_id']}: {len(barred)} of the "
        f"{len(document['candidates'])} pictures that it can show, {on_board} of them "
        f"tiles, may not be shown to the public: {named}{rest}. Share it without them "
        "(LEAVE_OUT=yes), or write a licence that allows it into their collection"
    )


def _named(picture: Mapping[str, Any]) -> str:
    return f"{picture['attribution']} ({picture['licence']})"


def _public_id(document: Mapping[str, Any]) -> str:
    """Name the copy by what everyone may read; a file's name is the owner's."""
    name = slug(str(document["track"]["title"]))
    return f"{name}-{digest(document['board_id'])[:8]}"


def _track(document: Mapping[str, Any]) -> dict[str, Any]:
    track = document["track"]
    return {
        **{name: track[name] for name in _TRACK},
        "track_id": _public_id(document),
        "source": SHARED,
        "source_key": track["title"],
        "sha256": "",
        "audio": None,
    }


def _picture(picture: Mapping[str, Any]) -> dict[str, Any]:
    path = str(picture["source_key"]).replace("\\", "/")
    return {
        **{name: picture[name] for name in _PICTURE if name in picture},
        "source_key": PurePosixPath(path).stem,
        "licence_url": _public_link(picture["licence_url"]),
        "url": _public_link(picture["url"]),
        "thumbnail": None,
    }


def _public_link(url: str | None) -> str | None:
    """Pass on a web address that anyone may follow, and that carries no secret."""
    link = web_link(url)
    if link is None or _SECRETS.search(link):
        return None
    try:
        parts = urlsplit(link)
        is_open = parts.username is None and _is_on_the_web(parts.hostname or "")
    except ValueError:
        return None
    return link if is_open else None


def _is_on_the_web(host: str) -> bool:
    """Say whether a host may be known outside the house; UnicodeError where it is none.

    A name without a dot, or in a zone that only routers and companies know, is one of
    the house, and so may be what a browser reads as a number.
    """
    name = host.encode("idna").decode().rstrip(".").lower()  # as a browser reads it
    if "%" in name or is_odd_number(name):
        return False
    with suppress(ValueError):
        return is_public(name)
    return "." in name and not name.endswith(_INSIDE)


def _chosen_again(
    document: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Choose the tiles from the pictures that are left, at the same setting."""
    pool = read_pool(candidates)
    refinement = read_refinement(document["refinement"])
    setting = document["refinement"].get("setting", {})
    rows = choose_tiles(pool, refinement, setting)
    relevance = relevance_of(pool, refinement, setting)[rows]
    diversity = mean_pairwise_distance(pool.vectors[rows].astype(np.float32))
    return {
        "tiles": [as_tile(candidates[row]) for row in rows],
        "relevance": round(float(relevance.mean()), 6),
        "diversity": round(diversity, 6),
    }
