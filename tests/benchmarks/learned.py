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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
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
from evoke_core.shared_space import with_feeling
from evoke_core.storage.store import digest
from evoke_core.vectors import Array, l2_normalize
from evoke_core.workers import map_over_cores
from evoke_pipelines.environment import CONFIG_FOLDER, read_environment
from tests.benchmarks.rated import (
    FOLDS,
    SEED,
    Rated,
    Rating,
    Scored,
    read_rating,
    theme,
)

_MUSICNN, _MOBILENET = "tracks_musicnn.npz", "images_mobilenet_v1.npz"
Words = Sequence[Sequence[str]]
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


@dataclass(frozen=True, slots=True)
class Known:
    """One side as a fit is told of it: vectors, and what people said of some items.

    Args:
        vectors: float32[N, D], unit length, of an encoder.
        items: Names, ratings and groups.
        said: float32[N, 2], what teaches moods: ratings, or places by words and signs.
        taught: Whether places are regressed on what is said; else they are said.
        spread: Of the places, see affect_from_labels: songs ask with the spread that
            ratings have, pictures lie where they are expected.
        words: What people wrote on the items; they move what was regressed.
    """

    vectors: Array
    items: Rated
    said: Array
    taught: bool
    spread: bool
    words: Words = ()

    def places(self, held: npt.NDArray[np.bool_], profile: RunProfile) -> Array:
        """Place all items on the plane; held ones by what is said of others."""
        if not self.taught:
            return self.said
        labelled = np.where(held[:, None], np.float32("nan"), self.said)
        placed = affect_from_labels(
            self.vectors, labelled, self.items.groups, seed=SEED, spread=self.spread
        )
        if not self.words:
            return placed
        vocabulary, weight = load_vocabulary(CONFIG_FOLDER), profile.tags.word_weight
        return join_words(placed, place_words(self.words, vocabulary), weight=weight)


def score_vectors(
    name: str,
    rating: Rating,
    vectors: tuple[Array, Array],
    profile: RunProfile,
    words: Words = (),
) -> list[Scored]:
    """Judge every way of the bridge on one pair of encoders, taught by ratings.

    Args:
        name: Of the pair.
        rating: Clips and pictures.
        vectors: float32[clips, D_music] and float32[pictures, D_image], unit length.
        profile: Rules of tags and bridge.
        words: What people wrote on the pictures, where they may be read.
    """
    music, pictures = vectors
    clips, seen = rating.clips, rating.pictures
    told = (
        Known(music, clips, clips.affect, True, True),
        Known(pictures, seen, seen.affect, True, False, words),
    )
    ways = cross_scores(told, profile)
    return [rating.score(f"{name}: {kind}", scores) for kind, scores in ways.items()]


def cross_scores(told: tuple[Known, Known], profile: RunProfile) -> dict[str, Array]:
    """Score every clip with every picture by models that knew neither.

    Args:
        told: Music and pictures.
        profile: Rules of the bridge.

    Returns:
        float32[clips, pictures] by kind of projection.
    """
    music, images = told
    deep = profile.bridge.model_copy(update={"hidden": HIDDEN})
    clip_folds, picture_folds = music.items.folds(), images.items.folds()
    heard = [_shared(music, clip_folds == fold, profile) for fold in range(FOLDS)]
    seen = [_shared(images, picture_folds == fold, profile) for fold in range(FOLDS)]
    scores: dict[str, Array] = {}
    for clip_fold, picture_fold in product(range(FOLDS), range(FOLDS)):
        held, away = clip_folds == clip_fold, picture_folds == picture_fold
        groups = music.items.groups[~held]
        (song, asking), (shown, _) = heard[clip_fold], seen[picture_fold]
        sides = song.rows(~held), shown.rows(~away)
        fitted = fit_all(*sides, groups, profile.bridge)
        fitted["deep_bridge"] = fit_bridge(*sides, groups, deep)
        for kind, projection in fitted.items():
            size = len(song), len(shown)
            table = scores.setdefault(kind, np.zeros(size, np.float32))
            found = projection.project(asking.rows(held))
            table[np.ix_(held, away)] = found @ shown.embedding[away].T
    return scores


def _shared(
    known: Known, held: npt.NDArray[np.bool_], profile: RunProfile
) -> tuple[Side, Side]:
    """Lay a side out in the shared space: as it is taught, and as it is asked with."""
    vocabulary = load_vocabulary(CONFIG_FOLDER)
    places = known.places(held, profile)
    vectors = with_feeling(known.vectors, places)
    taught, asked = (
        Side(vectors, score_moods(where, vocabulary, profile.tags), places, feels=True)
        for where in (known.said, places)
    )
    return taught, asked


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
    written = _written(rating.data)
    paths, words = list(written), list(written.values())
    places = place_words(words, vocabulary)
    looks = affect_from_labels(
        _brought(rating.data, _MOBILENET, paths),
        places,
        np.array([theme(path) for path in paths]),
        seed=SEED,
    )
    joined = join_words(looks, places, weight=profile.tags.word_weight)
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
    yield rating.score("signs -> pixels (arousal fitted on these)", signs)
    alone = place_words(_words(rating), load_vocabulary(CONFIG_FOLDER))
    alone = np.nan_to_num(alone)  # without a word: the middle
    yield rating.score("signs -> the pictures' words", nearness(ours["affect"], alone))
    words = taught_by_words(rating, profile)
    for name, seen in words.items():
        yield rating.score(f"signs -> {name}", nearness(ours["affect"], seen))
    joined = words[_JOINED]
    tagged = (
        Known(musicnn, rating.clips, ours["affect"], taught=False, spread=True),
        Known(mobilenet, rating.pictures, joined, taught=False, spread=False),
    )
    for kind, scores in cross_scores(tagged, profile).items():
        yield rating.score(f"tags alone, MusiCNN -> MobileNet: {kind}", scores)
    both = l2_normalize(np.hstack([musicnn, ours["music"]]))
    own = _words(rating)
    for name, vectors, said in (
        ("MusiCNN -> MobileNet", (musicnn, mobilenet), ()),
        ("handcrafted -> MobileNet", (ours["music"], mobilenet), ()),
        ("MusiCNN, handcrafted -> MobileNet", (both, mobilenet), ()),
        ("MusiCNN, handcrafted -> MobileNet, words", (both, mobilenet), own),
        ("handcrafted both", (ours["music"], ours["images"]), ()),
        ("handcrafted both, words", (ours["music"], ours["images"]), own),
    ):
        yield from score_vectors(name, rating, vectors, profile, said)


def _words(rating: Rating) -> Words:
    """Return what people wrote on each rated picture."""
    written = _written(rating.data)
    return [written[path] for path in rating.pictures.paths]


def _written(data: Path) -> dict[str, list[str]]:
    """Read the title and keywords of every picture, rated or not, by its path."""
    listed = pl.read_csv(data / "images" / "images.csv", infer_schema=False)
    return {
        path: [said for said in row if said]
        for path, *row in listed.select("path", "title", "keywords").iter_rows()
    }


def _brought(data: Path, name: str, paths: list[str]) -> Array:
    """Take items' vectors from a file, as the precomputed encoders do."""
    vectors = read_vector_file(data / "embeddings" / name)
    rows = vectors.rows_of([[path] for path in paths])
    lacking = [p for p, row in zip(paths, rows, strict=True) if row is None]
    if lacking:
        raise ValueError(f"{name}: no vector of {lacking[:3]}")
    return vectors.embedding[[row for row in rows if row is not None]]


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
