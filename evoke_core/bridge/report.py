"""How the bridge compares with its rivals on tracks that none of them was fitted on."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evoke_core.bridge.fit import fit_bridge
from evoke_core.bridge.projection import Projection, Side
from evoke_core.bridge.rivals import fit_rivals
from evoke_core.bridge.supervision import MOODS_ALONE, Supervision
from evoke_core.config.profile import BridgeRules
from evoke_core.errors import BridgeError
from evoke_core.evaluation import Figure, Products, Relevance, retrieval_figures
from evoke_core.vectors import Array, row_blocks

# Planted items nearer than this on the affect plane feel alike; the plane is 2 wide.
_ALIKE = 0.45
_BINS = 40
_FEWEST = 2  # tracks that a bridge can be fitted on


@dataclass(frozen=True, slots=True)
class Truth:
    """What belongs together, known apart from the tags that trained the bridge.

    Args:
        kind: "planted", or "tags" where nothing better is known; then the report
            says that it is derived from tags.
        label: bool[tracks, pictures], feels alike.
        instance: bool[tracks, pictures], the single best match of each track.
        known: bool[Q], which of the tracks asked about the truth speaks of; None for
            all.
    """

    kind: str
    label: Relevance
    instance: Relevance
    known: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Alignment:
    """Counts of cosines between queries and pictures.

    Args:
        edges: B + 1 edges of the bins, from -1 to 1.
        matched: B counts over each track's best matches.
        random: B counts over as many pictures drawn for each track.
    """

    edges: tuple[float, ...]
    matched: tuple[int, ...]
    random: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How all compare.

    Args:
        truth: Kind of the truth.
        figures: protocol -> direction -> kind -> metric -> Figure.
        alignment: How near matching and other pictures lie, by kind.
    """

    truth: str
    figures: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Figure]]]]
    alignment: Mapping[str, Alignment]

    def served_by(self) -> Mapping[str, Mapping[str, Figure]]:
        """Return what the gate looks at: music to image, by label."""
        return self.figures["label"]["music_to_image"]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for a file; it says where the tags judge themselves."""
        return asdict(self) | {"is_tag_derived": self.truth == "tags"}


def planted_truth(tracks: Array, pictures: Array) -> Truth:
    """Say what was planted to belong together.

    Args:
        tracks: float32[Q, 2], planted valence and arousal.
        pictures: float32[N, 2], likewise.
    """
    return _near_on_plane("planted", tracks, pictures)


def tag_truth(tracks: Side, pictures: Side) -> Truth:
    """Fall back on the tags themselves, where nothing else is known."""
    return _near_on_plane("tags", tracks.affect, pictures.affect)


def fit_all(
    music: Side,
    images: Side,
    groups: npt.NDArray[Any],
    rules: BridgeRules,
    supervision: Supervision = MOODS_ALONE,
) -> dict[str, Projection]:
    """Fit the bridge and every rival on the same rows and pairs."""
    bridge = fit_bridge(music, images, groups, rules, supervision)
    fitted = fit_rivals(music, images, groups, pairs=supervision.pairs, seed=rules.seed)
    return {**fitted, bridge.kind: bridge}


def cross_fit(
    music: Side,
    images: Side,
    groups: npt.NDArray[Any],
    folds: npt.NDArray[Any],
    rules: BridgeRules,
    supervision: Supervision = MOODS_ALONE,
    *,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Array]:
    """Project every row by models that never saw its track.

    Args:
        music: N tracks and windows.
        images: M pictures.
        groups: [N], the track of each row.
        folds: [N], the fold of each row's track.
        rules: How to fit.
        supervision: Pairs and verdicts of rows of both.
        report: Told (done, total) after every fold.

    Returns:
        float32[N, D_image] by kind.

    Raises:
        BridgeError: A fold leaves fewer than two tracks; see also `fit_bridge`.
    """
    _require_tracks(groups, folds)
    projected: dict[str, Array] = {}
    dealt = np.unique(folds)
    for done, fold in enumerate(dealt, start=1):
        held = folds == fold
        told = supervision.rows(~held)
        fitted = fit_all(music.rows(~held), images, groups[~held], rules, told)
        for kind, projection in fitted.items():
            empty = np.zeros((len(music), images.embedding.shape[1]), np.float32)
            projected.setdefault(kind, empty)[held] = projection.project(
                music.rows(held)
            )
        report(done, len(dealt))
    return projected


def _require_tracks(groups: npt.NDArray[Any], folds: npt.NDArray[Any]) -> None:
    rest = (groups[folds != fold] for fold in np.unique(folds))
    left = min((len(np.unique(others)) for others in rest), default=0)
    if left < _FEWEST:
        raise BridgeError(
            f"the bridge is judged on tracks held out, and needs {_FEWEST} others each "
            f"time; got {len(np.unique(groups))} tracks, of which {left} are left; add "
            "music to the library: 3 tracks will do, 4 where the profile has 2 folds"
        )


def compare(projected: Mapping[str, Array], images: Array, truth: Truth) -> Comparison:
    """Judge every projection by both protocols in both directions.

    Args:
        projected: float32[Q, D] by kind: the whole tracks.
        images: float32[N, D].
        truth: For those tracks and pictures, or for the known ones among the tracks.
    """
    if truth.known is not None:
        projected = {kind: rows[truth.known] for kind, rows in projected.items()}
    figures: dict[str, dict[str, dict[str, dict[str, Figure]]]] = {}
    for protocol, relevant in (("label", truth.label), ("instance", truth.instance)):
        both = figures.setdefault(
            protocol, {"music_to_image": {}, "image_to_music": {}}
        )
        for kind, queries in projected.items():
            asked, seen = Products(queries, images), Products(images, queries)
            both["music_to_image"][kind] = retrieval_figures(asked, relevant)
            both["image_to_music"][kind] = retrieval_figures(seen, relevant.T)
    alignment = {
        kind: _align(queries, images, truth.instance)
        for kind, queries in projected.items()
    }
    return Comparison(truth.kind, figures, alignment)


def _align(queries: Array, images: Array, matched: Relevance) -> Alignment:
    rows, columns = np.nonzero(matched)
    drawn = np.random.default_rng(0).integers(0, len(images), len(rows))
    edges = np.linspace(-1.0, 1.0, _BINS + 1)
    counts = [
        np.histogram(
            np.clip((queries[rows] * images[shown]).sum(axis=1), -1.0, 1.0), edges
        )[0]
        for shown in (columns, drawn)
    ]
    near, others = (tuple(int(n) for n in count) for count in counts)
    return Alignment(tuple(round(float(e), 6) for e in edges), near, others)


def _near_on_plane(kind: str, tracks: Array, pictures: Array) -> Truth:
    label, instance = (np.zeros((len(tracks), len(pictures)), bool) for _ in range(2))
    for some in row_blocks(len(tracks), len(pictures)):
        distance = np.sqrt(((tracks[some, None] - pictures[None]) ** 2).sum(-1))
        label[some] = distance <= _ALIKE
        best = distance.argmin(axis=1)[:, None]
        np.put_along_axis(instance[some], best, values=True, axis=1)
    return Truth(kind, label=label, instance=instance)
