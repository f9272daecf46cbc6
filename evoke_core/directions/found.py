"""Orthonormal directions fitted to what retrieval finds, step by step.

Rankings are not linear: how far an attribute moves depends on where the query is and
which pictures lie there. So retrieval itself is made smooth - each picture is found
with the softmax of its cosine - and the change from one end of a slider to the other is
differentiated by the direction. Fitted within the leading principal components, which
leaves noise fewer ways in.

Source: the soft neighbours of Goldberger et al., NIPS 2004; L-BFGS through the polar
factor keeps the rows orthonormal.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np

from evoke_core.directions.apart import nearest_orthonormal, standard_scores
from evoke_core.vectors import Array, Array64, l2_normalize, softmax, spaced_rows

_PICTURES = 1000  # looked at, evenly spaced
_QUERIES = 100
_COMPONENTS = 24
_NEAR = 60  # pictures that a query finds in effect; more than are judged, so less noise
LEAK_WEIGHT = 20.0  # a leak of 1/3 weighs like a slider that moves a tenth as far
_TEXT_WEIGHT = 1.0
_STEPS = 25
LEAST = 1e-3  # sds of change, below which a slider counts as not moving


@dataclass(frozen=True, slots=True, eq=False)
class _World:
    """What the directions are fitted on, in the coordinates of the components."""

    base: Array64  # [Q, N] cosines over temperature, -inf of a query with itself
    pictures: Array64  # [N, R]
    scores: Array64  # [N, 4]
    shift: float  # reach over temperature
    poles: Array64 | None  # [4, R]


def directions_found(
    embeddings: Array,
    attributes: Array,
    text_poles: Array | None = None,
    *,
    reach: float,
) -> Array:
    """Move what is found as far as possible in one attribute, and little in others.

    Args:
        embeddings: float32[N, D], unit length.
        attributes: float32[N, 4]; one that does not vary is left out.
        text_poles: float32[4, D], high less low of each axis; directions are drawn
            towards them.
        reach: Shift at the end of a slider.

    Returns:
        float32[4, D], orthonormal rows.
    """
    from scipy.optimize import minimize

    rows = spaced_rows(len(embeddings), _PICTURES)
    x, scores = embeddings[rows], standard_scores(attributes[rows])
    components = _components(x, text_poles)  # [R, D]
    world = _world(x, scores, components, text_poles, reach)
    pull = world.pictures.T @ scores  # [R, 4]
    start = nearest_orthonormal(l2_normalize(np.linalg.pinv(pull)))
    fitted = minimize(
        _loss, start.astype(np.float64).ravel(), args=(world,), jac=True,
        method="L-BFGS-B", options={"maxiter": _STEPS},
    )  # fmt: skip
    return nearest_orthonormal(
        nearest_orthonormal(fitted.x.reshape(start.shape)) @ components
    )


def _components(x: Array, text_poles: Array | None) -> Array64:
    centred = x.astype(np.float64) - x.mean(axis=0)
    _, strength, right = np.linalg.svd(centred, full_matrices=False)
    rank = int((strength > 1e-6 * strength[0]).sum())
    leading = right[: max(4, min(_COMPONENTS, rank))]
    if text_poles is None:
        return cast("Array64", leading)
    joined = np.vstack([leading, text_poles]).astype(np.float64)
    return cast("Array64", np.linalg.qr(joined.T)[0].T)


def _world(
    x: Array,
    scores: Array64,
    components: Array64,
    text_poles: Array | None,
    reach: float,
) -> _World:
    asked = spaced_rows(len(x), _QUERIES)
    cosines = (x[asked] @ x.T).astype(np.float64)
    cosines[np.arange(len(asked)), asked] = -np.inf
    temperature = _temperature(cosines, min(_NEAR, max(1, len(x) // 4)))
    return _World(
        base=cosines / temperature,
        pictures=(x.astype(np.float64) - x.mean(axis=0)) @ components.T,
        scores=scores,
        shift=reach / temperature,
        poles=None if text_poles is None else text_poles @ components.T,
    )


def _temperature(cosines: Array64, near: int) -> float:
    """Bisect for the temperature at which a query finds `near` pictures in effect."""
    low, high = 1e-4, 1.0
    for _ in range(20):
        middle = float(np.sqrt(low * high))
        shares = softmax(cosines / middle)
        nats = -(shares * np.log(shares + 1e-300)).sum(axis=1)
        low, high = (
            (middle, high) if np.exp(nats).mean() < near else (low, middle)
        )  # fmt: skip
    return float(np.sqrt(low * high))


def _loss(flat: Array64, world: _World) -> tuple[float, Array64]:
    """Return the loss of four directions and its gradient by the free rows."""
    rows = flat.reshape(4, -1)
    left, stretch, right = np.linalg.svd(rows, full_matrices=False)
    directions = left @ right
    total, slope = 0.0, np.zeros_like(rows)
    for axis in np.flatnonzero(world.scores.any(axis=0)):
        loss, slope[axis] = _axis_loss(int(axis), directions[axis], world)
        total += loss
    if world.poles is not None:
        total -= _TEXT_WEIGHT * float((directions * world.poles).sum())
        slope -= _TEXT_WEIGHT * world.poles
    return total, _through_polar(slope, left, stretch, right).ravel()


def _axis_loss(axis: int, direction: Array64, world: _World) -> tuple[float, Array64]:
    change, by_direction = _change(direction, world)
    wanted = max(float(change[axis]), LEAST)
    leak = change / wanted
    leak[axis] = 0.0
    loss = -np.log(wanted) + LEAK_WEIGHT * float(leak @ leak)
    slope = 2 * LEAK_WEIGHT * leak / wanted
    slope[axis] = -(1 + 2 * LEAK_WEIGHT * float(leak @ leak)) / wanted
    return float(loss), slope @ by_direction


def _change(direction: Array64, world: _World) -> tuple[Array64, Array64]:
    """Change of what is found from end to end, [4], and its derivative, [4, R]."""
    change, slope = np.zeros(4), np.zeros((4, len(direction)))
    along = world.pictures @ direction
    for sign in (1.0, -1.0):
        shares = softmax(world.base + sign * world.shift * along)  # [Q, N]
        mean = shares @ world.scores  # [Q, 4]
        centre = shares @ world.pictures  # [Q, R]
        overall = shares.mean(axis=0)
        change += sign * mean.mean(axis=0)
        together = (world.scores * overall[:, None]).T @ world.pictures
        slope += world.shift * (together - mean.T @ centre / len(shares))
    return change, slope


def _through_polar(
    slope: Array64, left: Array64, stretch: Array64, right: Array64
) -> Array64:
    """Pull a gradient by left @ right back to one by left @ diag(stretch) @ right."""
    inner = left.T @ slope @ right.T
    turn = (inner - inner.T) / (stretch[:, None] + stretch[None])
    beyond = slope - slope @ right.T @ right
    return left @ turn @ right + left / stretch @ left.T @ beyond
