"""What composing needs and loads once for a batch of songs: release, pictures, encoder.

Nothing here listens or chooses; it only has everything at hand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from evoke_core.bridge.projection import Projection
from evoke_core.config.profile import RunProfile, TagRules
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.corpus.decode import decode_picture, encode_jpeg
from evoke_core.corpus.fetch import read_picture
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import BoardError, IndexUnavailable, PictureRefused
from evoke_core.images.gather import kept_pictures
from evoke_core.index.image_index import ImageIndex
from evoke_core.moods import MoodCalibration, calibrate_plane, read_calibration
from evoke_core.music.encode import MusicEncoder
from evoke_core.release import Release, read_release
from evoke_core.storage.store import Store
from evoke_core.storage.tables import as_matrix, read_arrays, read_table
from evoke_core.vectors import Array

_TILE_PX = 480  # width of a column on a dense screen
_PREVIEW_PX = 160
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
    images: "TileImages" = field(repr=False)

    def vectors_of(self, image_ids: Iterable[str]) -> Array:
        """Stack the embeddings of pictures, float32[n, D]."""
        return self.embeddings[[self.rows[image_id] for image_id in image_ids]]


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
    pictures = served_pictures(store)
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


def served_pictures(store: Store) -> pl.DataFrame:
    """Join all that is known of the pictures boards may show, in order of image_id."""
    pictures = kept_pictures(store).filter(pl.col("served"))
    described = read_table(store, "source_manifests").drop(
        "source", "keywords", "version", "served"
    )
    facts = read_table(store, "image_facts")
    files = read_table(store, "image_files")
    return (
        pictures.join(described, on="image_id")
        .join(
            facts.select("image_id", "width_px", "height_px", "palette"), on="image_id"
        )
        .join(files.select("image_id", "location"), on="image_id")
        .with_columns(pl.col("image_id").alias("cluster_id"))
        .sort("image_id")
    )


class TileImages:
    """JPEGs of a picture in the sizes that a page carries, each made once.

    They are kept in the store by content hash, beside the thumbnails.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._preview = lru_cache(maxsize=4096)(self._make_preview)
        self._tile = lru_cache(maxsize=512)(self._make_tile)

    def preview(self, sha256: str) -> bytes:
        """Return about 160 px, for a candidate."""
        return self._preview(sha256)

    def tile(self, sha256: str, location: str) -> bytes:
        """Return about 480 px wide, for a tile on the board."""
        return self._tile(sha256, location)

    def _make_preview(self, sha256: str) -> bytes:
        key = f"previews/{sha256[:2]}/{sha256}.jpg"
        try:
            return self._store.read(key)
        except KeyError:
            small = decode_picture(self._store.read(thumbnail_key(sha256))).rgb
            made = encode_jpeg(small, longest_px=_PREVIEW_PX, quality=70)
            self._store.write(key, made)
            return made

    def _make_tile(self, sha256: str, location: str) -> bytes:
        key = f"tiles/{sha256[:2]}/{sha256}.jpg"
        try:
            return self._store.read(key)
        except KeyError:
            made = self._cut_tile(sha256, location)
            self._store.write(key, made)
            return made

    def _cut_tile(self, sha256: str, location: str) -> bytes:
        """Cut from the original; from the thumbnail where the original has gone."""
        thumbnail = decode_picture(self._store.read(thumbnail_key(sha256))).rgb
        height, width = thumbnail.shape[:2]
        longest = round(_TILE_PX * max(1.0, height / width))
        if longest <= max(height, width):
            return encode_jpeg(thumbnail, longest_px=longest, quality=80)
        try:
            original = read_picture(location, self._store)
            pixels = decode_picture(original, longest_px=longest).rgb
        except (KeyError, PictureRefused):
            pixels = thumbnail
        return encode_jpeg(pixels, longest_px=longest, quality=80)


def small_picture(store: Store, thumbnail: str) -> bytes:
    """Reduce a stored thumbnail to 320 px; b"" where the picture was withdrawn."""
    try:
        picture = decode_picture(store.read(thumbnail))
    except (KeyError, PictureRefused):
        return b""
    return encode_jpeg(picture.rgb, longest_px=SHOWN_PX)
