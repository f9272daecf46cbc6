"""The copy of a board that may leave the house: no sound, no address, every credit.

The document is cleared by `clearance`; everything else of the copy is drawn from what
was cleared, so that nothing private slips through by another file. Which board and
whereto is asked in `evoke_pipelines`.

Sources: Open Graph protocol; the summary_large_image card of X.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from markupsafe import Markup

from evoke_core.boards.clearance import Rules, clear_document
from evoke_core.boards.shelf import pack
from evoke_core.boards.tiles import TileImages, made_for
from evoke_core.errors import BoardError
from evoke_core.pages.board_page import render_page
from evoke_core.pages.board_picture import render_picture
from evoke_core.pages.captions import description
from evoke_core.pages.clip import render_clip
from evoke_core.pages.document import relative_link
from evoke_core.pages.preview import HEIGHT_PX, WIDTH_PX, render_preview
from evoke_core.storage.store import Store

PAGE, DOCUMENT, PREVIEW = "board.html", "board.json", "preview.jpg"
# A board that is shared again keeps its address, so nothing may be kept unasked for
# long; pictures are dearer to fetch than to show a day late.
_CHANGING, _LASTING = "no-cache", "public, max-age=86400"
_OG_IMAGE = re.compile(r'<meta property="og:image" content="[^"]*">')
_COVERS = frozenset((".jpg", ".jpeg", ".png", ".webp"))


@dataclass(frozen=True, slots=True)
class SharedCopy:
    """A copy that is ready to leave.

    Args:
        name: Of its folder; made from the title.
        files: Bytes by name, the document last.
        left_out: Pictures that it lacks, for people.
    """

    name: str
    files: Mapping[str, bytes]
    left_out: tuple[str, ...]


def make_copy(
    document: Mapping[str, Any],
    store: Store,
    rules: Rules,
    *,
    address: str | None = None,
) -> SharedCopy:
    """Make the copy of a stored board.

    Args:
        document: Its `board.json`.
        store: Where its pictures are.
        rules: What may be shown.
        address: Web address of the copy's folder where it is known: services that
            show previews of links read no relative address.

    Raises:
        BoardError: A picture may not be shown, or none is left.
    """
    cleared, left_out = clear_document(document, rules)
    files, cover = _cover(document, store, rules)
    cleared |= {"cover": cover} if cover else {}
    keys = {one["image_id"]: made_for(one) for one in document["candidates"]}
    tiles, previews = TileImages(store).of_board(
        cleared, lambda one: keys[one["image_id"]]
    )
    page = render_page(cleared, tile_images=tiles, previews=previews)
    files |= {
        PAGE: _with_preview(page, cleared, address).encode(),
        "board.png": render_picture(cleared, tile_images=tiles),
        PREVIEW: render_preview(cleared, tile_images=tiles),
        "clip.webp": render_clip(cleared, tile_images=tiles),
        "credits.txt": write_credits(cleared).encode(),
        DOCUMENT: pack(cleared),
    }
    return SharedCopy(cleared["board_id"], files, left_out)


def send_copy(copy: SharedCopy, target: Store) -> str:
    """Write a copy into a folder of its own; the document is last, so it is whole.

    Returns:
        Store key of the page.
    """
    for name, data in copy.files.items():
        lasting = name not in (PAGE, DOCUMENT)
        target.write(
            f"{copy.name}/{name}",
            data,
            cache_control=_LASTING if lasting else _CHANGING,
        )
    return f"{copy.name}/{PAGE}"


def write_credits(document: Mapping[str, Any]) -> str:
    """List every picture that a document can show with its credit and licence."""
    tiles = {tile["image_id"] for tile in document["tiles"]}
    shown = [one for one in document["candidates"] if one["image_id"] in tiles]
    rest = [one for one in document["candidates"] if one["image_id"] not in tiles]
    parts = [f"Pictures of the board: {document['track']['title']}", ""]
    parts += [_credit(one) for one in shown]
    if rest:
        parts += ["", "Pictures that its page can show too", ""]
        parts += [_credit(one) for one in rest]
    return "\n".join(parts) + "\n"


def _credit(picture: Mapping[str, Any]) -> str:
    said = [picture["attribution"], picture["licence"]]
    said += [picture["licence_url"], picture["url"]]
    return " | ".join(" ".join(str(one).split()) for one in said if one)


def _cover(
    document: Mapping[str, Any], store: Store, rules: Rules
) -> tuple[dict[str, bytes], dict[str, Any] | None]:
    """Take a board's cover along where its licence allows it."""
    cover = document.get("cover") or {}
    link = relative_link(cover.get("image"))
    if link is None or not rules.admits(str(cover.get("licence"))):
        return {}, None
    key = posixpath.normpath(f"boards/{document['board_id']}/{unquote(link)}")
    suffix = PurePosixPath(key).suffix.lower()
    if suffix not in _COVERS or key.startswith(".."):
        return {}, None
    try:
        data = store.read(key)
    except KeyError:
        return {}, None
    said = {name: cover.get(name) for name in ("alt", "credit", "licence")}
    return {f"cover{suffix}": data}, said | {"image": f"cover{suffix}"}


def _with_preview(page: str, document: Mapping[str, Any], address: str | None) -> str:
    """Put in what chats and feeds read of a page."""
    top = f"{address.rstrip('/')}/{document['board_id']}/" if address else ""
    title = str(document["track"]["title"])
    said = {
        "og:image": f"{top}{PREVIEW}",
        "og:image:type": "image/jpeg",
        "og:image:width": str(WIDTH_PX),
        "og:image:height": str(HEIGHT_PX),
        "og:image:alt": f"The board of {title}: its first pictures and its waveform",
        "og:site_name": "Evoke",
        **({"og:url": f"{top}{PAGE}"} if top else {}),
        "twitter:card": "summary_large_image",
        "twitter:title": title,
        "twitter:description": description(document),
        "twitter:image": f"{top}{PREVIEW}",
    }
    line = Markup('<meta {}="{}" content="{}">')
    tags = "\n".join(
        line.format("name" if key.startswith("twitter:") else "property", key, value)
        for key, value in said.items()
    )
    made, found = _OG_IMAGE.subn(lambda _: tags, page, count=1)
    if not found:
        raise BoardError("board.html: its template names no og:image; put it back")
    return made
