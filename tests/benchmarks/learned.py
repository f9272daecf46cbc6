"""Real learned vectors through our own line, scored on what people felt.

    EVOKE_SHARED=folder python -m tests.benchmarks.learned

MusiCNN hears the rated clips and MobileNet sees the rated pictures; both come as files
of vectors, beside our handcrafted encoders. Everything fitted on ratings is judged on
clips and picture themes that were left out: five folds of clips by five folds of
themes, one model for each of the 25. The program `evaluate` of the collections does the
scoring. Nothing was tuned on it; rules are those of the demo profile.

`LITERATURE` holds what simple systems reached elsewhere under the same protocol.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from evoke_core.affect_ridge import affect_from_labels
from evoke_core.bridge.fit import fit_bridge
from evoke_core.bridge.projection import Side
from evoke_core.bridge.report import fit_all
from evoke_core.config.loading import load_run_profile, load_vocabulary
from evoke_core.config.profile import AudioRules, RunProfile
from evoke_core.corpus.decode import decode_picture
from evoke_core.evaluation import Figure
from evoke_core.images.handcrafted import HandcraftedImageEncoder, affect_of
from evoke_core.labels import join_words, place_words
from evoke_core.moods import score_moods
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.listen import listen
from evoke_core.precomputed import read_vector_file
from evoke_core.storage.store import digest
from evoke_core.vectors import Array
from evoke_core.workers import map_over_cores
from evoke_pipelines.environment import CONFIG_FOLDER, read_environment
from tests.benchmarks.rated import (
    FOLDS,
    SEED,
    Rating,
    Scored,
    read_rating,
    theme,
)

_MUSICNN, _MOBILENET = "tracks_musicnn.npz", "images_mobilenet_v1.npz"
_JOINED = "the same, own words joined"
HIDDEN = 256  # of the deep bridge; the demo's is linear

LITERATURE = (
    ("constant board", ".06", ".00"),
    ("handcrafted, published signs only", ".04", ".04"),
    ("handcrafted, ridge to the plane", ".06", ".04"),
    ("rich handcrafted music + MobileNet, plane ridge", ".23", ".21"),
    ("MusiCNN + MobileNet, plane ridge", ".23", ".22"),
    ("MusiCNN -> MobileNet: ridge", ".19", ".23"),
    ("MusiCNN -> MobileNet: InfoNCE linear", ".21", ".23"),
    ("MusiCNN -> MobileNet: one hidden layer", ".22", ".22"),
    ("one panel of raters for another", ".71", ""),
)


def score_vectors(
    name: str, rating: Rating, music: Array, pictures: Array, profile: RunProfile
) -> list[Scored]:
    """Judge the plane and every way of the bridge on one pair of encoders.

    Args:
        name: Of the pair.
        rating: Clips and pictures.
        music: float32[clips, D_music], unit length.
        pictures: float32[pictures, D_image], unit length.
        profile: Rules of tags and bridge.
    """
    heard, seen = (
        affect_from_labels(vectors, items.affect, items.groups, seed=SEED)
        for vectors, items in ((music, rating.clips), (pictures, rating.pictures))
    )
    told = _sides(music, pictures, rating, profile)
    asked = _side(music, heard, profile)
    ways = cross_scores(rating, told, asked, profile)
    plane = {"plane ridge": nearness(heard, seen)}
    return [
        rating.score(f"{name}: {kind}", scores)
        for kind, scores in {**plane, **ways}.items()
    ]


def cross_scores(
    rating: Rating, told: tuple[Side, Side], asked: Side, profile: RunProfile
) -> dict[str, Array]:
    """Score every clip with every picture by models that knew neither.

    Args:
        rating: Deals clips and pictures to folds.
        told: Music and pictures as they are known to the fit: by ratings, or by tags.
        asked: Music as a model that is not told ratings places it.
        profile: Rules of the bridge.

    Returns:
        float32[clips, pictures] by kind of projection.
    """
    music, images = told
    deep = profile.bridge.model_copy(update={"hidden": HIDDEN})
    clip_folds, picture_folds = rating.clips.folds(), rating.pictures.folds()
    scores: dict[str, Array] = {}
    for clip_fold in range(FOLDS):
        for picture_fold in range(FOLDS):
            held, away = clip_folds == clip_fold, picture_folds == picture_fold
            groups = rating.clips.groups[~held]
            sides = music.rows(~held), images.rows(~away)
            fitted = fit_all(*sides, groups, profile.bridge)
            fitted["deep_bridge"] = fit_bridge(*sides, groups, deep)
            for kind, projection in fitted.items():
                table = scores.setdefault(
                    kind, np.zeros((len(music), len(images)), np.float32)
                )
                found = projection.project(asked.rows(held))
                table[np.ix_(held, away)] = found @ images.embedding[away].T
    return scores


def nearness(heard: Array, seen: Array) -> Array:
    """Score pictures by how near they lie to clips on the plane."""
    return -np.sqrt(((heard[:, None] - seen[None]) ** 2).sum(-1))


def taught_by_words(rating: Rating, profile: RunProfile) -> dict[str, Array]:
    """Place pictures by titles and keywords alone, as a run without ratings does.

    Returns:
        float32[pictures, 2]: what MobileNet makes of other pictures' words, and the
        same joined with each picture's own.
    """
    vocabulary = load_vocabulary(CONFIG_FOLDER)
    listed = pl.read_csv(rating.data / "images" / "images.csv", infer_schema=False)
    paths = listed["path"].to_list()
    words = [
        [said for said in row if said]
        for row in listed.select("title", "keywords").iter_rows()
    ]
    looks = affect_from_labels(
        _brought(rating.data, _MOBILENET, paths),
        place_words(words, vocabulary),
        np.array([theme(path) for path in paths]),
        seed=SEED,
    )
    joined = join_words(looks, words, vocabulary, weight=profile.tags.word_weight)
    rows = [paths.index(path) for path in rating.pictures.paths]
    return {
        "MobileNet taught by words": looks[rows],
        _JOINED: joined[rows],
    }


def handcrafted(rating: Rating, cache: Path) -> dict[str, Array]:
    """Encode clips and pictures ourselves, once: music, affect (of music), images."""
    coders = (
        HandcraftedMusicEncoder().fingerprint,
        HandcraftedImageEncoder().fingerprint,
    )
    kept = cache / f"learned-{digest(list(coders))[:16]}.npz"
    if not kept.is_file():
        hear, see = (partial(work, data=rating.data) for work in (_hear, _see))
        heard = list(map_over_cores(hear, rating.clips.paths))
        seen = list(map_over_cores(see, rating.pictures.paths))
        cache.mkdir(parents=True, exist_ok=True)
        music, affect = (np.stack(part) for part in zip(*heard, strict=True))
        np.savez(kept, music=music, affect=affect, images=np.stack(seen))
    with np.load(kept, allow_pickle=False) as arrays:
        return dict(arrays)


def main() -> int:
    """Score every system; the exit status says whether there was anything to score."""
    data = Path(os.environ.get("EVOKE_SHARED", "")) / "data"
    if "EVOKE_SHARED" not in os.environ or not (data / "evaluate").is_file():
        sys.stdout.write("no research collections; EVOKE_SHARED names their folder\n")
        return 2
    home = read_environment().home
    rating = read_rating(data)
    profile = load_run_profile(CONFIG_FOLDER, "demo")
    ours = handcrafted(rating, home)
    sys.stdout.write(f"{'':48}{'gain@10':<18}{'specific@10':<18}P@5    MRR    AUC\n")
    scored = [_printed(each) for each in _systems(rating, ours, profile)]
    sys.stdout.write("\nelsewhere, under the same protocol\n")
    for name, gain, specific in LITERATURE:
        sys.stdout.write(f"{name:<54}{gain:<18}{specific}\n")
    home.mkdir(parents=True, exist_ok=True)
    target = home / "learned.json"
    target.write_text(json.dumps([asdict(each) for each in scored], indent=1) + "\n")
    return 0


def _systems(
    rating: Rating, ours: Mapping[str, Array], profile: RunProfile
) -> Iterator[Scored]:
    musicnn = _brought(rating.data, _MUSICNN, rating.clips.paths)
    mobilenet = _brought(rating.data, _MOBILENET, rating.pictures.paths)
    signs = nearness(ours["affect"], affect_of(ours["images"]))
    yield rating.score("handcrafted, published signs only", signs)
    words = taught_by_words(rating, profile)
    for name, seen in words.items():
        yield rating.score(f"signs -> {name}", nearness(ours["affect"], seen))
    tagged = (
        _side(musicnn, ours["affect"], profile),
        _side(mobilenet, words[_JOINED], profile),
    )
    for kind, scores in cross_scores(rating, tagged, tagged[0], profile).items():
        yield rating.score(f"tags alone, MusiCNN -> MobileNet: {kind}", scores)
    for name, music, pictures in (
        ("MusiCNN -> MobileNet", musicnn, mobilenet),
        ("handcrafted -> MobileNet", ours["music"], mobilenet),
        ("handcrafted both", ours["music"], ours["images"]),
    ):
        yield from score_vectors(name, rating, music, pictures, profile)


def _brought(data: Path, name: str, paths: list[str]) -> Array:
    """Take items' vectors from a file, as the precomputed encoders do."""
    vectors = read_vector_file(data / "embeddings" / name)
    rows = vectors.rows_of([[path] for path in paths])
    lacking = [p for p, row in zip(paths, rows, strict=True) if row is None]
    if lacking:
        raise ValueError(f"{name}: no vector of {lacking[:3]}")
    return vectors.embedding[[row for row in rows if row is not None]]


def _sides(
    music: Array, pictures: Array, rating: Rating, profile: RunProfile
) -> tuple[Side, Side]:
    return (
        _side(music, rating.clips.affect, profile),
        _side(pictures, rating.pictures.affect, profile),
    )


def _side(vectors: Array, affect: Array, profile: RunProfile) -> Side:
    vocabulary = load_vocabulary(CONFIG_FOLDER)
    return Side(vectors, score_moods(affect, vocabulary, profile.tags), affect)


def _hear(path: str, *, data: Path) -> tuple[Array, Array]:
    rules = AudioRules(min_s=3, max_s=5400)
    heard = listen((data / path).read_bytes(), HandcraftedMusicEncoder(), rules)
    return heard.embedding.whole, heard.analysis.affect


def _see(path: str, *, data: Path) -> Array:
    rgb = decode_picture((data / path).read_bytes()).rgb
    return HandcraftedImageEncoder().encode_images([rgb])[0]


def _printed(each: Scored) -> Scored:
    own = [each.own[m].value for m in ("precision_at_5", "mrr", "auc")]
    figures = "".join(f"{value:<7.2f}" for value in own)
    sys.stdout.write(
        f"{each.name:<48}{_said(each.gain)}{_said(each.specific)}{figures}\n"
    )
    sys.stdout.flush()
    return each


def _said(figure: Figure) -> str:
    return f"{figure.value:5.2f} [{figure.low:.2f}, {figure.high:.2f}] "


if __name__ == "__main__":
    sys.exit(main())
