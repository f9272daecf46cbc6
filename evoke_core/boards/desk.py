"""What composing needs and loads once for a batch of songs: release, pictures, encoder.

Nothing here listens or chooses; it only has everything at hand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evoke_core.boards.collected import collected_pictures
from evoke_core.boards.tiles import TileImages
from evoke_core.bridge.projection import Projection
from evoke_core.config.profile import RunProfile, TagRules
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.corpus.decode import encode_jpeg
from evoke_core.corpus.thumbnails import decode_thumbnail
from evoke_core.errors import BoardError, IndexUnavailable, PictureRefused
from evoke_core.index.image_index import ImageIndex
from evoke_core.moods import MoodCalibration, calibrate_plane, read_calibration
from evoke_core.music.encode import MusicEncoder
from evoke_core.release import Release, read_release
from evoke_core.storage.store import Store
from evoke_core.storage.tables import as_matrix, read_arrays
from evoke_core.vectors import Array

SHOWN_PX = 320  # in a strip or beside another board


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything at hand for composing boards from one release.

    Args:
        store: Where pictures are read and boards are kept.
        index: Open connection to the collection.
        release: What is served.
        projection: From music into image space.
        directions: float32[4, D].
        calibration: Of the music library, by which a song's moods are named.
        pictures: What boards say of each picture, by image_id.
        rows: Row of each picture in `embeddings`, by image_id.
        embeddings: float32[N, D].
        encoder: Listens to songs.
        vocabulary: Names moods.
        run_profile: Sizes and rules.
        images: What pages carry of the pictures.
    """

    store: Store
    index: ImageIndex
    release: Release
    projection: Projection
    directions: Array
    calibration: MoodCalibration
    pictures: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, int]
    embeddings: Array
    encoder: MusicEncoder
    vocabulary: Vocabulary
    run_profile: RunProfile
    images: TileImages = field(repr=False)

    def vectors_of(self, image_ids: Iterable[str]) -> Array:
        """Stack the embeddings of pictures, float32[n, D]."""
        return self.embeddings[[self.rows[image_id] for image_id in image_ids]]

    def where(self, shown: Mapping[str, Any]) -> tuple[str, str]:
        """Find a tile or candidate of a board: its SHA-256, and its original."""
        picture = self.pictures[shown["image_id"]]
        return picture["sha256"], picture["location"]


def open_desk(
    store: Store,
    index: ImageIndex,
    encoder: MusicEncoder,
    run_profile: RunProfile,
    vocabulary: Vocabulary,
) -> Desk:
    """Load what the current release names.

    Raises:
        ReleaseMissing: Nothing has been published.
        IndexUnavailable: The collection is absent, or encoders, vectors or moods are
            not those that the release was made with.
        BoardError: The corpus holds no picture that may be shown.
    """
    release = read_release(store)
    pictures = collected_pictures(store, release.collection)
    if pictures.is_empty():
        raise BoardError(
            "the corpus holds no picture that may be shown; run refresh_corpus with a "
            "collection whose pictures are kept, then publish_release"
        )
    _require_same(
        ("music encoder", release.music_encoder, encoder.fingerprint),
        ("mood vocabulary", release.vocabulary, vocabulary.digest),
        *(
            ("image encoder", release.image_encoder, fingerprint)
            for fingerprint in pictures["fingerprint"].unique()
        ),
    )
    embeddings = as_matrix(pictures["embedding"])
    index.require(release.collection, embeddings.shape[1])
    arrays, card = read_arrays(store, release.projection)
    directions = read_arrays(store, release.directions)[0]["directions"]
    _require_same(
        ("directions of length", str(directions.shape[1]), str(embeddings.shape[1])),
    )
    ids = pictures["image_id"].to_list()
    return Desk(
        store=store,
        index=index,
        release=release,
        projection=Projection(card["kind"], arrays),
        directions=directions,
        calibration=_calibration(store, release, vocabulary, run_profile.tags),
        pictures=dict(zip(ids, pictures.drop("embedding").to_dicts(), strict=True)),
        rows={image_id: row for row, image_id in enumerate(ids)},
        embeddings=embeddings,
        encoder=encoder,
        vocabulary=vocabulary,
        run_profile=run_profile,
        images=TileImages(store),
    )


def _calibration(
    store: Store, release: Release, vocabulary: Vocabulary, rules: TagRules
) -> MoodCalibration:
    """Read the library's calibration; an older release names moods by the plane."""
    if release.calibration is None:
        nothing = np.empty((0, 2), np.float32)
        return calibrate_plane(nothing, vocabulary, rules)
    return read_calibration(store, release.calibration)


def _require_same(*parts: tuple[str, str, str]) -> None:
    for what, released, present in parts:
        if released != present:
            raise IndexUnavailable(
                f"the release was made with {what} {released}, this run has {present}; "
                "run refresh_corpus, fit_bridge and publish_release again"
            )


def small_picture(store: Store, thumbnail: str) -> bytes:
    """Reduce a stored thumbnail to 320 px; b"" where the picture was withdrawn."""
    try:
        pixels = decode_thumbnail(store.read(thumbnail), longest_px=SHOWN_PX)
    except (KeyError, PictureRefused):
        return b""
    return encode_jpeg(pixels, longest_px=SHOWN_PX)
