"""Pictures that ask for music: a folder's files, or tiles of a stored board.

Both end as vectors of the shared space with their moods. Files are brought there
exactly as the corpus was: the same encoder, tags calibrated over corpus and files
together; nobody's words on them are read. Which tracks answer is `matching`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from evoke_core.boards.desk import SHOWN_PX, Desk, small_picture
from evoke_core.config.collections import PictureSource
from evoke_core.corpus.decode import DecodedPicture, decode_picture, encode_jpeg
from evoke_core.corpus.facts import dominant_colours
from evoke_core.corpus.listed import Listed
from evoke_core.corpus.sources.folder import list_folder
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import BoardError, IndexUnavailable, PictureRefused
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.gather import kept_embeddings
from evoke_core.images.tags import tag_pictures
from evoke_core.shared_space import with_feeling
from evoke_core.storage.store import digest
from evoke_core.storage.tables import as_matrix
from evoke_core.vectors import Array, l2_normalize

MOST = 200  # a mean of more says no more
_SAID = (
    "image_id", "title", "artist", "attribution", "licence", "licence_url", "url",
    "width_px", "height_px", "palette",
)  # fmt: skip
_COLUMNS = (
    "image_id", "keywords", "embedding", "rated_valence", "rated_arousal",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unused:
    """A picture that could not ask.

    Args:
        name: For people: path below the folder, or id.
        reason: Stable word.
        message: The same for people.
    """

    name: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Pictures that ask for music.

    Args:
        name: For people: of the folder, or the title of the board's song.
        asked_id: Stable for the same pictures; safe as part of a store key.
        board_id: Of the board they are from, None for files.
        pictures: What a page says of each: n mappings.
        images: n JPEGs of at most 320 px; b"" where the picture has gone.
        vectors: float32[n, D], unit length, of the shared space.
        moods: float32[n, T], rows sum to 1.
        unused: Those that could not ask, with their reasons.
    """

    name: str
    asked_id: str
    board_id: str | None
    pictures: tuple[Mapping[str, Any], ...]
    images: tuple[bytes, ...]
    vectors: Array
    moods: Array
    unused: tuple[Unused, ...]


def ask_with_tiles(
    board: Mapping[str, Any], desk: Desk, image_ids: Sequence[str] = ()
) -> Asked:
    """Let a stored board's pictures ask.

    Args:
        board: Its document.
        desk: Current release; pictures that left it are unused.
        image_ids: Of its candidates, such as the tiles that a listener locked; empty
            takes its tiles.

    Raises:
        BoardError: None of them is in the collection.
    """
    ids = list(dict.fromkeys(image_ids or [t["image_id"] for t in board["tiles"]]))
    here = [image_id for image_id in ids if image_id in desk.pictures]
    gone = [image_id for image_id in ids if image_id not in desk.pictures]
    known = here[:MOST]
    board_id = str(board["board_id"])
    if not known:
        raise BoardError(
            f"board {board_id}: none of the {len(ids)} pictures asked with is in the "
            "present release; compose the board again, or ask with other pictures"
        )
    told = f"-{digest(ids)[:8]}" if image_ids else ""
    return Asked(
        name=str(board["track"]["title"]),
        asked_id=f"{board_id}{told}",
        board_id=board_id,
        pictures=tuple(_said(desk.pictures[image_id]) for image_id in known),
        images=tuple(
            small_picture(desk.store, thumbnail_key(desk.pictures[one]["sha256"]))
            for one in known
        ),
        vectors=l2_normalize(desk.vectors_of(known)),
        moods=np.array([desk.pictures[one]["scores"] for one in known], np.float32),
        unused=(
            *(
                Unused(one, "not_in_release", "it has left the collection")
                for one in gone
            ),
            *_too_many(here[MOST:]),
        ),
    )


def ask_with_files(source: PictureSource, desk: Desk, encoder: ImageEncoder) -> Asked:
    """Let the pictures of a folder ask.

    Args:
        source: A folder collection that is located.
        desk: Current release.
        encoder: The one that the release was made with.

    Raises:
        SourceError: The folder is missing or holds no picture.
        IndexUnavailable: The encoder is another one.
        BoardError: No picture of the folder can be used.
    """
    if encoder.fingerprint != desk.release.image_encoder:
        raise IndexUnavailable(
            f"the release was made with image encoder {desk.release.image_encoder}, "
            f"this run has {encoder.fingerprint}; run refresh_corpus, fit_bridge and "
            "publish_release again"
        )
    listed = list(list_folder(source))
    unused = _too_many([one.source_key for one in listed[MOST:]])
    decoded: list[tuple[Listed, DecodedPicture, Array]] = []
    for one in listed[:MOST]:
        try:
            picture = decode_picture(_read(one))
            decoded.append((one, picture, encoder.encode_images([picture.rgb])[0]))
        except PictureRefused as refusal:
            unused.append(Unused(one.source_key, refusal.reason, str(refusal)))
    folder = Path(source.location or "")
    if not decoded:
        first = unused[0]
        raise BoardError(
            f"{folder.name}: none of its {len(unused)} pictures can be used, the first "
            f"because of {first.reason}: {first.message}"
        )
    ids = [f"file:{one.source_key}" for one, _, _ in decoded]
    tags = _tagged(ids, np.stack([vector for *_, vector in decoded]), desk, encoder)
    shown = [encode_jpeg(each.rgb, longest_px=SHOWN_PX) for _, each, _ in decoded]
    return Asked(
        name=folder.resolve().name or "pictures",
        asked_id=f"pictures-{digest([digest(each) for each in shown])[:10]}",
        board_id=None,
        pictures=tuple(
            _described(image_id, one, each, source)
            for image_id, (one, each, _) in zip(ids, decoded, strict=True)
        ),
        images=tuple(shown),
        vectors=_in_shared_space(tags, [vector for *_, vector in decoded]),
        moods=as_matrix(tags["scores"]),
        unused=tuple(unused),
    )


def _too_many(names: Sequence[str]) -> list[Unused]:
    message = f"a playlist is asked for by at most {MOST} pictures; ask with fewer"
    return [Unused(name, "too_many", message) for name in names]


def _read(one: Listed) -> bytes:
    path = Path(one.addresses[0].removeprefix("file:"))
    try:
        return path.read_bytes()
    except OSError as wrong:
        raise PictureRefused(
            "unreadable_file", f"{wrong.strerror or wrong}; check its permissions"
        ) from wrong


def _tagged(
    ids: list[str], vectors: Array, desk: Desk, encoder: ImageEncoder
) -> pl.DataFrame:
    """Tag files among the corpus, whose calibration they share; one row each."""
    corpus = kept_embeddings(desk.store).select(_COLUMNS)
    files = pl.DataFrame(
        {
            "image_id": ids,
            "keywords": [[]] * len(ids),
            "embedding": vectors.tolist(),
            "rated_valence": [None] * len(ids),
            "rated_arousal": [None] * len(ids),
        },
        schema=corpus.schema,
    )
    tags = tag_pictures(
        pl.concat([corpus, files]), desk.vocabulary, desk.run_profile.tags, encoder
    )
    return files.select("image_id").join(
        tags, on="image_id", how="left", maintain_order="left"
    )


def _in_shared_space(tags: pl.DataFrame, vectors: Sequence[Array]) -> Array:
    affect = tags.select("valence", "arousal").to_numpy()
    return with_feeling(np.stack(vectors), affect, tags["strength"].to_numpy())


def _said(picture: Mapping[str, Any]) -> dict[str, Any]:
    return {name: picture[name] for name in _SAID}


def _described(
    image_id: str, one: Listed, picture: DecodedPicture, source: PictureSource
) -> dict[str, Any]:
    title = one.title or one.source_key
    credit = one.attribution or source.attribution.format(
        title=title, artist=one.artist or "unknown", source_key=one.source_key
    )
    return {
        "image_id": image_id,
        "title": title,
        "artist": one.artist,
        "attribution": credit,
        "licence": one.licence or source.licence,
        "licence_url": None if one.licence else source.licence_url,
        "url": one.url,
        "width_px": picture.width_px,
        "height_px": picture.height_px,
        "palette": list(dominant_colours(picture.rgb)),
    }
