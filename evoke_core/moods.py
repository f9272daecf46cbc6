"""Where moods lie on the affect plane, and which of them an item is near.

Pictures and music are tagged with it independently of each other; the encoders say
where an item lies, this says what that is called. Not here: prompts (zero_shot) and
what people wrote (labels).

Raw evidence says more of a mood than of an item: a mood in a corner is near nothing,
one in the middle near everything. So each mood is calibrated on a library, by its mean
and standard deviation there, and an item's moods are those that it has *more than the
library has*. A calibration is kept, so that whatever comes later is named as if it were
one of the library.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from evoke_core.config.profile import TagRules
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_arrays, write_arrays
from evoke_core.vectors import Array, Array64, softmax

AFFECT = ("valence", "arousal")  # axes of the plane, in the order of every array
PRIOR = 8.0  # songs that the plane itself counts as in a library's calibration
_ALIKE = 1e-6  # below this a deviation is rounding: one item alone, or copies of one


@dataclass(frozen=True, slots=True)
class MoodCalibration:
    """How much of each mood a library has; what its own and later items are held to.

    Args:
        mean: float64[T], of the evidence for each mood over the library.
        spread: float64[T], its standard deviation.
        sharpness: By how much one deviation multiplies a mood's share, as a logarithm.
        classes: float32[T, D] where evidence is the cosine with a mood's prompts; None
            where it is nearness on the plane.
    """

    mean: Array64
    spread: Array64
    sharpness: float
    classes: Array | None = None

    def shares(self, evidence: Array64) -> Array:
        """Turn evidence into shares.

        Args:
            evidence: float64[N, T].

        Returns:
            float32[N, T], rows sum to 1: the softmax of sharpness times the standard
            scores. A mood that does not vary in the library counts as at its mean.
        """
        safe = np.where(self.spread > _ALIKE, self.spread, np.inf)
        standard = (evidence - self.mean) / safe
        return softmax(self.sharpness * standard).astype(np.float32)


def calibrate(
    evidence: Array64, *, sharpness: float, classes: Array | None = None
) -> MoodCalibration:
    """Note how much of each mood a library has.

    Args:
        evidence: float64[N, T], N >= 1: the whole library.
        sharpness: See MoodCalibration.
        classes: See MoodCalibration.
    """
    return MoodCalibration(
        evidence.mean(axis=0), evidence.std(axis=0), sharpness, classes
    )


def calibrate_plane(
    affect: Array, vocabulary: Vocabulary, rules: TagRules
) -> MoodCalibration:
    """Note how much of each mood a library has, by where its items lie on the plane.

    The moods' own places count as PRIOR items, shared among them: one song is named by
    the plane, a library of dozens by itself.

    Args:
        affect: float32[N, 2], valence and arousal; N may be 0.
        vocabulary: The moods.
        rules: `bandwidth` sets the sharpness: on a library that is spread like the
            moods themselves, shares fall off as its Gaussian kernel does.
    """
    own = _nearness(mood_coordinates(vocabulary), vocabulary, rules)
    found = _nearness(affect, vocabulary, rules)
    every = np.concatenate([own, found])
    weights = np.repeat([PRIOR / len(own), 1.0], [len(own), len(found)])
    mean = np.average(every, axis=0, weights=weights)
    spread = np.sqrt(np.average((every - mean) ** 2, axis=0, weights=weights))
    return MoodCalibration(mean, spread, float(own.std(axis=0).mean()))


def mood_coordinates(vocabulary: Vocabulary) -> Array:
    """Return float32[T, 2]: valence and arousal of every mood, in the file's order."""
    places = [(mood.valence, mood.arousal) for mood in vocabulary.moods.values()]
    return np.array(places, np.float32)


def score_moods(
    affect: Array,
    vocabulary: Vocabulary,
    rules: TagRules,
    calibration: MoodCalibration | None = None,
) -> Array:
    """Say how strongly each mood applies, from how near it lies on the plane.

    Args:
        affect: float32[N, 2], valence and arousal in [-1, 1].
        vocabulary: The moods.
        rules: `bandwidth` is the standard deviation of the Gaussian kernel.
        calibration: By `calibrate_plane`. Without one every mood is weighed against
            its neighbours alone, so that a crowded corner of the vocabulary does not
            outvote a mood that stands apart.

    Returns:
        float32[N, T], rows sum to 1.
    """
    nearness = _nearness(affect, vocabulary, rules)
    if calibration is not None:
        return calibration.shares(nearness)
    places = mood_coordinates(vocabulary)
    crowding = np.exp(_nearness(places, vocabulary, rules)).sum(axis=0)
    return softmax(nearness - np.log(crowding)).astype(np.float32)


def name_moods(
    scores: Array,
    names: Sequence[str],
    *,
    count: int,
    said: Sequence[Sequence[int]] | None = None,
) -> list[list[str]]:
    """Name the strongest moods of every row, strongest first; ties go to the earlier.

    Args:
        scores: float32[N, T].
        names: The T moods.
        count: How many to name.
        said: Numbers of moods that people named for each row; those come first.
    """
    ranked = scores.astype(np.float64)
    for row, moods in enumerate(said or ()):
        ranked[row, list(moods)] += scores[row].max() + 1
    order = np.argsort(-ranked, axis=1, kind="stable")[:, :count]
    return [[names[mood] for mood in row] for row in order.tolist()]


def count_moods(tags: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Count how many items each mood is named of, most first, then by name.

    Args:
        tags: Column moods, of a table of tags.
        vocabulary: All its moods are counted, also those that nothing is called.

    Returns:
        Columns mood, items, share of all items.
    """
    named = tags["moods"].explode().drop_nulls().to_list()
    items = [named.count(mood) for mood in vocabulary.moods]
    counted = pl.DataFrame({"mood": list(vocabulary.moods), "items": items})
    share = (pl.col("items") / max(tags.height, 1)).round(3).alias("share")
    ranked = counted.with_columns(share)
    return ranked.sort("items", "mood", descending=[True, False])


def write_calibration(store: Store, key: str, calibration: MoodCalibration) -> str:
    """Keep a calibration as safetensors; return the digest of its bytes."""
    arrays: dict[str, npt.NDArray[np.floating]] = {
        "mean": calibration.mean,
        "spread": calibration.spread,
    }
    if calibration.classes is not None:
        arrays["classes"] = calibration.classes
    return write_arrays(store, key, arrays, {"sharpness": calibration.sharpness})


def read_calibration(store: Store, key: str) -> MoodCalibration:
    """Read what `write_calibration` kept; KeyError where there is none."""
    arrays, card = read_arrays(store, key)
    return MoodCalibration(
        arrays["mean"], arrays["spread"], card["sharpness"], arrays.get("classes")
    )


def _nearness(affect: Array, vocabulary: Vocabulary, rules: TagRules) -> Array64:
    """Return float64[N, T]: the logarithm of the kernel around each mood's place."""
    places = mood_coordinates(vocabulary).astype(np.float64)
    points = affect.astype(np.float64)
    valence = points[:, :1] - places[:, 0]  # [N, 1] - [T] -> [N, T]
    arousal = points[:, 1:] - places[:, 1]
    nearness = -(valence**2 + arousal**2) / (2 * rules.bandwidth**2)
    return np.asarray(nearness)
