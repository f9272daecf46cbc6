"""The data dictionary: columns, types, units and rules of every stored table.

Dagster's column schemas and blocking checks are generated from it.
"""

from collections.abc import Mapping

import polars as pl

from evoke_core.columns import Column, Table, check_frame

_VECTOR = pl.List(pl.Float32)
_WORDS = pl.List(pl.String)

_IMAGE_ID = Column(pl.String, "stable id of a picture: digest of source and key")
_TRACK_ID = Column(pl.String, "stable id of a track: digest of source and key")
_SOURCE = Column(pl.String, "collection or library it comes from")
_SOURCE_KEY = Column(pl.String, "native id; for a folder the path below it")
_REASON = Column(pl.String, "why it was left out, as a stable word", optional=True)
_DETAIL = Column(pl.String, "the same for people, with the remedy", optional=True)
_SHA256 = Column(pl.String, "SHA-256 of the original bytes", optional=True)
_FINGERPRINT = Column(pl.String, "encoder fingerprint")
_MOODS = Column(_WORDS, "moods named for it, strongest first")
_PLANTED = "planted truth in [-1, 1]; null outside the demo"
_RATED = "as people rated it, in [-1, 1]; null where nobody did"
_LABELLED = Column(pl.Boolean, "people's labels or ratings had a say: no free truth")
_VALENCE = Column(pl.Float32, "unpleasant -1 to pleasant 1")
_AROUSAL = Column(pl.Float32, "calm -1 to excited 1")


def _status(*choices: str) -> Column:
    return Column(pl.String, "how the row ended", choices=choices)


def _share(meaning: str) -> Column:
    return Column(pl.Float32, f"{meaning}, 0 to 1")


def _measure(meaning: str) -> Column:
    return Column(pl.Float32, f"{meaning}, 0 to 1", optional=True)


TABLES: Mapping[str, Table] = {
    "source_manifests": Table(
        {
            "image_id": _IMAGE_ID,
            "source": _SOURCE,
            "source_key": _SOURCE_KEY,
            "title": Column(pl.String, "title for people", optional=True),
            "artist": Column(pl.String, "who made it", optional=True),
            "licence": Column(pl.String, "licence of the picture"),
            "licence_url": Column(pl.String, "its text", optional=True),
            "attribution": Column(pl.String, "credit line"),
            "url": Column(pl.String, "page of the picture", optional=True),
            "keywords": Column(_WORDS, "the source's own labels"),
            "rated_valence": Column(pl.Float32, _RATED, optional=True),
            "rated_arousal": Column(pl.Float32, _RATED, optional=True),
            "stratum": Column(pl.String, "style or label for quotas", optional=True),
            "addresses": Column(_WORDS, "where the bytes are, the best first"),
            "md5": Column(pl.String, "of the last address, base64", optional=True),
            "version": Column(pl.String, "changes whenever the bytes may have"),
            "served": Column(pl.Boolean, "boards may show it; else it only teaches"),
            "family": Column(pl.String, "planted look", optional=True),
            "planted_valence": Column(pl.Float32, _PLANTED, optional=True),
            "planted_arousal": Column(pl.Float32, _PLANTED, optional=True),
            "duplicate_of": Column(
                pl.String, "source_key of the planted original", optional=True
            ),
        },
        key=("image_id",),
    ),
    "image_files": Table(
        {
            "image_id": _IMAGE_ID,
            "source": _SOURCE,
            "source_key": _SOURCE_KEY,
            "version": Column(pl.String, "manifest version that was fetched"),
            "status": _status("stored", "failed"),
            "reason": _REASON,
            "detail": _DETAIL,
            "location": Column(
                pl.String, "store:key or file:path; failed: its file, or empty"
            ),
            "size_bytes": Column(pl.Int64, "size of the original", optional=True),
        },
        key=("image_id",),
    ),
    "image_facts": Table(
        {
            "image_id": _IMAGE_ID,
            "source": _SOURCE,
            "source_key": _SOURCE_KEY,
            "version": Column(pl.String, "manifest version that was measured"),
            "measured_by": Column(pl.String, "version of the code that measured it"),
            "status": _status("measured", "failed"),
            "reason": _REASON,
            "detail": _DETAIL,
            "sha256": _SHA256,
            "width_px": Column(
                pl.Int32, "upright width of the original", optional=True
            ),
            "height_px": Column(pl.Int32, "upright height", optional=True),
            "phash": Column(pl.UInt64, "64-bit perceptual hash", optional=True),
            "mirror_hashes": Column(
                pl.List(pl.UInt64), "of its eight flips and turns", optional=True
            ),
            "luma_grid": Column(
                pl.Binary, "mean luma of 16 x 16 cells, a byte each", optional=True
            ),
            "sharpness": Column(pl.Float32, "variance of the Laplacian", optional=True),
            "entropy_bits": Column(pl.Float32, "grey-level entropy", optional=True),
            "colourfulness": Column(
                pl.Float32, "Hasler & Süsstrunk 2003", optional=True
            ),
            "brightness": Column(pl.Float32, "mean luminance, 0 to 1", optional=True),
            "palette": Column(_WORDS, "five colours, most prominent first"),
            "attributes": Column(
                _VECTOR,
                "energy, warmth, complexity, abstraction; 0 to 1",
                optional=True,
            ),
            "text_score": _measure("lettering in lines"),
            "flat_share": _measure("covered by one even tone"),
            "border_share": _measure("taken by even bars along its sides"),
            "composition_score": _measure("thirds and balance of salient mass"),
            "thumbnail": Column(
                pl.String, "store key of the 512 px JPEG", optional=True
            ),
            "note": Column(pl.String, "what was converted", optional=True),
        },
        key=("image_id",),
    ),
    "image_embeddings": Table(
        {
            "sha256": Column(pl.String, "SHA-256 of the original bytes"),
            "fingerprint": _FINGERPRINT,
            "embedding": Column(_VECTOR, "float32[D], unit length", unit_length=True),
        },
        key=("sha256",),
    ),
    "duplicate_clusters": Table(
        {
            "image_id": _IMAGE_ID,
            "source": _SOURCE,
            "source_key": _SOURCE_KEY,
            "phash": Column(pl.UInt64, "64-bit perceptual hash it was joined by"),
            "cluster_id": Column(pl.String, "image_id of the cluster's keeper"),
            "is_keeper": Column(pl.Boolean, "the one that stays"),
            "relation": Column(
                pl.String, "to the keeper", choices=("keeper", "exact", "near")
            ),
            "component_id": Column(
                pl.String, "lowest image_id of those that near hashes tie to it"
            ),
        },
        key=("image_id",),
    ),
    "curated_images": Table(
        {
            "image_id": _IMAGE_ID,
            "source": _SOURCE,
            "source_key": _SOURCE_KEY,
            "status": _status("kept", "duplicate", "rejected", "failed"),
            "reason": _REASON,
            "detail": _DETAIL,
            "note": Column(pl.String, "kept although a rule objects", optional=True),
            "aesthetic": Column(
                pl.String, "one of the seven, null where unknown", optional=True
            ),
            "served": Column(pl.Boolean, "boards may show it; else it only teaches"),
        },
        key=("image_id",),
    ),
    "image_tags": Table(
        {
            "image_id": _IMAGE_ID,
            "valence": _VALENCE,
            "arousal": _AROUSAL,
            "moods": _MOODS,
            "scores": Column(_VECTOR, "one per mood of the vocabulary, sum 1"),
            "labelled": _LABELLED,
            "strength": _share("how much of a feeling it has; less for things of use"),
        },
        key=("image_id",),
    ),
    "track_manifest": Table(
        {
            "track_id": _TRACK_ID,
            "source": _SOURCE,
            "source_key": _SOURCE_KEY,
            "title": Column(pl.String, "title for people"),
            "licence": Column(pl.String, "licence of the recording"),
            "location": Column(pl.String, "store key, or file: path of the audio"),
            "labels": Column(_WORDS, "what its library's table of labels says"),
            "rated_valence": Column(pl.Float32, _RATED, optional=True),
            "rated_arousal": Column(pl.Float32, _RATED, optional=True),
            "family": Column(pl.String, "planted mood", optional=True),
            "planted_valence": Column(pl.Float32, _PLANTED, optional=True),
            "planted_arousal": Column(pl.Float32, _PLANTED, optional=True),
        },
        key=("track_id",),
    ),
    "track_embeddings": Table(
        {
            "track_id": _TRACK_ID,
            "part": Column(pl.Int32, "0 is the whole track, 1.. its windows"),
            "start_s": Column(pl.Float32, "start of the part, seconds"),
            "end_s": Column(pl.Float32, "end of the part, seconds"),
            "sha256": Column(pl.String, "SHA-256 of the audio bytes"),
            "fingerprint": _FINGERPRINT,
            "valence": _VALENCE,
            "arousal": _AROUSAL,
            "embedding": Column(_VECTOR, "float32[D], unit length", unit_length=True),
        },
        key=("track_id", "part"),
    ),
    "track_refusals": Table(
        {
            "track_id": _TRACK_ID,
            "source_key": _SOURCE_KEY,
            "reason": Column(pl.String, "why it was not heard, as a stable word"),
            "detail": Column(pl.String, "the same for people, with the remedy"),
        },
        key=("track_id",),
    ),
    "track_profiles": Table(
        {
            "track_id": _TRACK_ID,
            "part": Column(pl.Int32, "0 is the whole track, 1.. its windows"),
            "start_s": Column(pl.Float32, "start of the part, seconds"),
            "end_s": Column(pl.Float32, "end of the part, seconds"),
            "energy": _share("loudness, dynamics and rhythmic intensity"),
            "valence": _share("mode and harmonic tension"),
            "texture": _share("timbral richness"),
            "harmonic_complexity": _share("harmonic complexity"),
            "rhythmic_density": _share("rhythmic density"),
        },
        key=("track_id", "part"),
    ),
    "track_tags": Table(
        {
            "track_id": _TRACK_ID,
            "part": Column(pl.Int32, "0 is the whole track, 1.. its windows"),
            "valence": _VALENCE,
            "arousal": _AROUSAL,
            "moods": _MOODS,
            "scores": Column(_VECTOR, "one per mood of the vocabulary, sum 1"),
            "labelled": _LABELLED,
        },
        key=("track_id", "part"),
    ),
    "training_pairs": Table(
        {
            "track_id": _TRACK_ID,
            "image_id": _IMAGE_ID,
            "kind": Column(
                pl.String, "role", choices=("positive", "hard_negative", "negative")
            ),
            "similarity": Column(pl.Float32, "of the two tag vectors, 0 to 1"),
            "fold": Column(pl.Int32, "cross-fitting fold of the track"),
        },
        key=("track_id", "image_id"),
    ),
    "curated_pairs": Table(
        {
            "track_id": _TRACK_ID,
            "image_id": _IMAGE_ID,
            "match": Column(pl.Int8, "1 if most raters said it fits, else 0"),
            "raters": Column(pl.Int32, "people whose last word on it was counted"),
            "agreement": _share("share of them who said what most said"),
            "musicians": Column(pl.Int32, "of the raters"),
            "designers": Column(pl.Int32, "of the raters"),
            "judged_on": Column(pl.Date, "day of the latest word, UTC"),
        },
        key=("track_id", "image_id"),
    ),
}


def validate(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Hold a frame to its entry; see `columns.check_frame`."""
    return check_frame(name, TABLES[name], frame)
