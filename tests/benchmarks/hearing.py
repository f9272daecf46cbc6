"""What music feels like, against what people said: published signs, and a fit.

    EVOKE_SHARED=folder python -m tests.benchmarks.hearing [fit]

Prints how the emotion profile and the affect plane agree with the ratings of the 224
rated clips (emoMusic and Emotify; nobody rated the EMOPIA ones), and what each way of
hearing is worth with pictures placed by learned vectors. Whatever is fitted is judged
on recordings left out, its penalty chosen inside the others; five dealings into five
folds, averaged. `fit` writes `evoke_core/music/affect_coefficients.json` anew: the axes
whose fit beats the published signs beyond doubt, and no others.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evoke_core.affect_ridge import affect_from_labels
from evoke_core.evaluation import Figure
from evoke_core.moods import AFFECT
from evoke_core.music import fitted
from evoke_core.music.analysis import analyse
from evoke_core.music.decode import decode_audio
from evoke_core.music.descriptors import DESCRIPTORS
from evoke_core.music.emotion import COMPOSITES
from evoke_core.music.fitted import AffectTable, fit_axis
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.reference import combine, load_reference
from evoke_core.precomputed import read_vector_file
from evoke_core.storage.store import digest
from evoke_core.vectors import Array, Array64
from evoke_core.workers import map_over_cores
from evoke_pipelines.environment import read_environment
from tests.benchmarks.learned import nearness
from tests.benchmarks.rated import FOLDS, SEED, Rated, Rating, read_rating

DEALINGS = 5
DRAWS = 2000
SIGNS = tuple(COMPOSITES[axis] for axis in AFFECT)
PICTURES = "images_mobilenet_v1.npz"
LICENCE = "affect fitted on ratings CC-BY-NC-SA, research use"
PROVENANCE = (
    "Ratings of 8 emoMusic and 216 Emotify clips (Soleymani et al. 2013; Aljanaki et "
    "al. 2015), each axis as ranks within its source; machine-composed EMOPIA clips "
    "are left out. A slope for the published signs and a ridge for what they leave "
    "over, the penalty by leaving one out, held to its spread over these clips; judged "
    "over five dealings of recordings into five folds. Written by python -m "
    "tests.benchmarks.hearing fit."
)


def rated_only(rating: Rating) -> Rating:
    """Drop the clips that nobody rated."""
    kept = ["emopia" not in path for path in rating.clips.paths]
    clips = Rated(
        [path for path, keep in zip(rating.clips.paths, kept, strict=True) if keep],
        rating.clips.affect[kept],
        rating.clips.groups[kept],
    )
    return Rating(clips, rating.pictures, rating.data)


def heard(rating: Rating, cache: Path) -> Array:
    """Measure the clips, once: float32[N, K], raw descriptors of whole clips."""
    named = [*rating.clips.paths, HandcraftedMusicEncoder().fingerprint]
    kept = cache / f"hearing-{digest([named, list(DESCRIPTORS)])[:16]}.npy"
    if not kept.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        measure = partial(_measure, data=rating.data)
        np.save(kept, np.stack(list(map_over_cores(measure, rating.clips.paths))))
    return np.load(kept, allow_pickle=False)


def left_out(standardised: Array, clips: Rated, seed: int) -> Array64:
    """Place every clip by a fit that did not know its recording, float64[N, 2]."""
    names, group = np.unique(clips.groups, return_inverse=True)
    order = np.random.default_rng(seed).permutation(np.arange(len(names)) % FOLDS)
    dealt = order[group]
    placed = np.zeros((len(standardised), 2))
    for column, cues in enumerate(SIGNS):
        said, published = clips.affect[:, column], combine(standardised, cues)
        for fold in range(FOLDS):
            away = dealt == fold
            near = ~away
            axis = fit_axis(standardised[near], published[near], said[near])
            placed[away, column] = axis.place(standardised[away], published[away])
    return placed


def agreement(said: Array, *placed: Array64) -> Figure:
    """Return Spearman's correlation, a mean over the places given, and its interval."""
    return _bootstrapped(
        lambda rows: np.mean([_spearman(each[rows], said[rows]) for each in placed]),
        len(said),
    )


def advantage(said: Array, placed: list[Array64], rival: Array64) -> Figure:
    """Return by how much a fit's correlation exceeds a rival's on the same clips."""

    def difference(rows: npt.NDArray[np.int64]) -> float:
        ours = np.mean([_spearman(each[rows], said[rows]) for each in placed])
        return ours - _spearman(rival[rows], said[rows])

    return _bootstrapped(difference, len(said))


def fit_table(standardised: Array, clips: Rated) -> AffectTable:
    """Fit the table that is shipped: axes that beat the published signs for certain."""
    placed = [left_out(standardised, clips, seed) for seed in range(DEALINGS)]
    spearman, axes = {}, {}
    for column, name in enumerate(AFFECT):
        said, published = clips.affect[:, column], combine(standardised, SIGNS[column])
        fits = [each[:, column] for each in placed]
        if advantage(said, fits, published).low <= 0:
            continue
        spearman[name] = round(agreement(said, *fits).value, 3)
        axes[name] = replace(
            fit_axis(standardised, published, said),
            mean=round(float(np.mean(fits)), 5),
            deviation=round(float(np.mean([each.std() for each in fits])), 5),
        )
    return AffectTable(PROVENANCE, LICENCE, len(clips.paths), spearman, axes)


def main(arguments: list[str]) -> int:
    """Print the figures, or fit; the exit status says whether there was anything."""
    data = Path(os.environ.get("EVOKE_SHARED", "")) / "data"
    if "EVOKE_SHARED" not in os.environ or not (data / "evaluate").is_file():
        sys.stdout.write("no research collections; EVOKE_SHARED names their folder\n")
        return 2
    rating = rated_only(read_rating(data))
    raw = heard(rating, read_environment().home)
    standardised = load_reference().standardise(raw)
    if arguments[:1] == ["fit"]:
        table = fit_table(standardised, rating.clips)
        target = Path(str(fitted.__file__)).with_name("affect_coefficients.json")
        target.write_text(fitted.write_table(table), encoding="utf-8")
        sys.stdout.write(f"{target.name}: {table.digest}, {dict(table.spearman)}\n")
        return 0
    _print_agreement(standardised, rating.clips)
    _print_gain(standardised, rating)
    return 0


def _print_agreement(standardised: Array, clips: Rated) -> None:
    signs = {name: combine(standardised, cues) for name, cues in COMPOSITES.items()}
    placed = [left_out(standardised, clips, seed) for seed in range(DEALINGS)]
    valence, arousal = clips.affect.T
    _print("energy with arousal", agreement(arousal, signs["energy"]))
    _print("valence with valence", agreement(valence, signs["valence"]))
    for column, axis in enumerate(AFFECT):
        said = clips.affect[:, column]
        fits = [each[:, column] for each in placed]
        _print(f"{axis} by published signs", agreement(said, signs[axis]))
        _print(f"{axis} fitted, left out", agreement(said, *fits))
        _print("  fitted less published", advantage(said, fits, signs[axis]))


def _print_gain(standardised: Array, rating: Rating) -> None:
    seen = _seen(rating)
    signs = np.stack([combine(standardised, cues) for cues in SIGNS], axis=1)
    both = left_out(standardised, rating.clips, SEED)
    mixed = np.stack([signs[:, 0] / signs[:, 0].std(), both[:, 1]], axis=1)
    ways = {"published signs": signs, "both axes fitted": both}
    ways["valence by signs, arousal fitted"] = mixed
    for name, places in ways.items():
        scored = rating.score(name, nearness(_on_plane(places), seen))
        _print(f"{name}: gain@10", scored.gain)
        _print(f"{name}: specific@10", scored.specific)


def _seen(rating: Rating) -> Array:
    vectors = read_vector_file(rating.data / "embeddings" / PICTURES)
    rows = vectors.rows_of([[path] for path in rating.pictures.paths])
    known = vectors.embedding[[row for row in rows if row is not None]]
    pictures = rating.pictures
    return affect_from_labels(known, pictures.affect, pictures.groups, seed=SEED)


def _on_plane(places: Array64) -> Array:
    from scipy.special import ndtr

    deviations = (places - places.mean(axis=0)) / places.std(axis=0)
    return (2 * ndtr(deviations) - 1).astype(np.float32)


def _measure(path: str, *, data: Path) -> Array:
    return analyse(decode_audio((data / path).read_bytes())).overall


def _spearman(left: npt.NDArray[np.floating], right: Array) -> float:
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(left), rankdata(right))[0, 1])


def _bootstrapped(
    statistic: Callable[[npt.NDArray[np.int64]], float], count: int
) -> Figure:
    rng = np.random.default_rng(SEED)
    drawn = [statistic(rng.integers(0, count, count)) for _ in range(DRAWS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(float(statistic(np.arange(count))), float(low), float(high), count)


def _print(name: str, figure: Figure) -> None:
    interval = f"[{figure.low:.2f}, {figure.high:.2f}]"
    sys.stdout.write(f"{name:<52}{figure.value:5.2f} {interval}  n {figure.n}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
