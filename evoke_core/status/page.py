"""The status page: one HTML document that needs no second file and no network.

What it says comes from `status` and `findings`; `poster` is the same as one picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import count as numbers
from typing import Any
from urllib.parse import quote

from evoke_core.bridge.gate import JUDGED_BY
from evoke_core.evaluation import Figure
from evoke_core.pages.captions import count
from evoke_core.pages.document import (
    clock,
    data_uri,
    favicon,
    render_document,
    web_link,
)
from evoke_core.pages.rules import accent_rules, stripes
from evoke_core.plots import ACCENT
from evoke_core.status.drawing import curve_path, dots_path
from evoke_core.status.findings import find_all, share
from evoke_core.status.funnel import STAGES, Funnel
from evoke_core.status.judged import Judged
from evoke_core.status.shared_map import SharedMap, Walk
from evoke_core.status.sights import Credit, Sight
from evoke_core.status.status import Status

_PACKAGES = ("evoke_core.status", "evoke_core.pages")
# Of sources, apart in lightness, too
TINTS = ("#c2542d", "#4f74c8", "#d9a441", "#5d8a66", "#b0689f", "#8a8580")
METRICS = {
    "mrr": ("How early the first hit comes", "MRR"),
    "precision_at_5": ("How many of the first five fit", "P@5"),
    "auc": ("How often a fitting picture is ahead", "AUC"),
}
_LOSSES = 4  # reasons that are named for a stage


def render_status(status: Status) -> str:
    """Write the status page.

    Args:
        status: Any text in it may be hostile.

    Returns:
        HTML; the same for the same status.
    """
    rules = _Rules()
    parts = {finding.part: finding for finding in find_all(status)}
    cards = [
        _card(card, tiles, rules)
        for card, tiles in zip(status.latest.cards, status.tiles, strict=False)
    ]
    return render_document(
        "status.html",
        {
            "headline": headline(status),
            "findings": list(parts.values()),
            "parts": parts,
            "favicon": favicon(TINTS),
            "funnel": _funnel(status.funnel, rules),
            "sources": _sources(status.funnel),
            "sheet": [_shown(sight) for sight in status.sheet],
            "served": status.funnel.total("served"),
            "map": _map(status.shared_map, status.spots, rules),
            "moods": _moods(status, rules),
            "judged": _judged(status.judged, rules),
            "metrics": [METRICS[metric] for metric in JUDGED_BY],
            "health": status.health,
            "recall": share(found) if (found := _recall(status)) is not None else None,
            "release": status.release,
            "boards": len(status.latest.ids),
            "has_gallery": status.latest.has_gallery,
            "cards": cards,
            "dropped": status.dropped,
            "credits": [_credit(one) for one in status.credits],
        },
        styles=("board.css", "gallery.css", "status.css"),
        scripts=(),
        rules=_colours() + rules.text(),
        packages=_PACKAGES,
    )


def headline(status: Status) -> str:
    """Say what there is in one line."""
    served = count(status.funnel.total("served"), "picture")
    tracks = count(status.tracks, "track")
    return f"{served}, {tracks}, {count(len(status.latest.ids), 'board')}"


def _recall(status: Status) -> float | None:
    return status.health.recall if status.health else None


class _Rules:
    """CSS of this document alone: inline styles are barred by its policy."""

    def __init__(self) -> None:
        self._numbers = numbers()
        self._rules: list[str] = []

    def add(self, **properties: str) -> str:
        """Add a rule and return the id of the element that it is for."""
        name = f"r{next(self._numbers)}"
        said = ";".join(f"{key}:{value}" for key, value in properties.items())
        self._rules.append(f"#{name}{{{said}}}")
        return name

    def place(self, point: tuple[float, float]) -> str:
        """Place an element on the map."""
        return self.add(left=f"{point[0]:g}%", top=f"{point[1]:g}%")

    def text(self) -> str:
        return "".join(self._rules)


def _colours() -> str:
    tints = "".join(f".tint-{at}{{--tint:{tint}}}" for at, tint in enumerate(TINTS))
    return accent_rules([ACCENT]) + tints


def tint_of(place: int) -> int:
    """Say which of TINTS the source at a place has; further ones share the last."""
    return min(place, len(TINTS) - 1)


def _funnel(funnel: Funnel, rules: _Rules) -> list[dict[str, Any]]:
    listed = max(funnel.total("listed"), 1)
    shown = []
    for stage in STAGES:
        losses = funnel.losses_before(stage)
        segments = [
            {
                "id": rules.add(width=f"{100 * number / listed:.3f}%"),
                "tint": tint_of(place),
            }
            for place, number in enumerate(funnel.stages[stage].values())
            if number
        ]
        shown.append(
            {
                "stage": stage,
                "total": funnel.total(stage),
                "segments": segments,
                "losses": losses[:_LOSSES],
                "more": sum(loss.count for loss in losses[_LOSSES:]),
            }
        )
    return shown


def _sources(funnel: Funnel) -> list[dict[str, Any]]:
    return [
        {
            "name": source,
            "tint": tint_of(place),
            "counts": [funnel.stages[stage][source] for stage in STAGES],
        }
        for place, source in enumerate(funnel.sources())
    ]


def _shown(sight: Sight) -> dict[str, Any]:
    return {
        "src": data_uri(sight.jpeg),
        "width": sight.width_px,
        "height": sight.height_px,
    }


def _map(
    drawn: SharedMap | None, spots: Mapping[int, Sight], rules: _Rules
) -> dict[str, Any] | None:
    if drawn is None:
        return None
    pleasant, excited = drawn.plane.names()
    return {
        "dots": dots_path(drawn.dots),
        "tracks": dots_path(point for _, point in drawn.tracks),
        "titles": [title for title, _ in drawn.tracks],
        "spots": [
            _shown(spots[row]) | {"id": rules.place(point)}
            for row, point in drawn.thumbnails.items()
            if row in spots
        ],
        "walks": [_walk(walk, rules) for walk in drawn.walks],
        "pleasant": pleasant,
        "excited": excited,
        "explained": drawn.plane.explained,
    }


def _walk(walk: Walk, rules: _Rules) -> dict[str, Any]:
    """Name each place once: a section that comes back lies where it lay."""
    labels = [label or str(number) for number, label in enumerate(walk.labels, start=1)]
    named = dict(zip(reversed(walk.stops), reversed(labels), strict=True))
    return {
        "title": walk.title,
        "path": curve_path(walk.stops),
        "stops": [
            {"id": rules.place(stop), "label": named.pop(stop)}
            for stop in walk.stops
            if stop in named
        ],
        "order": " ".join(labels),
    }


def _moods(status: Status, rules: _Rules) -> list[dict[str, Any]]:
    most = max(
        (max(one.picture_share, one.track_share) for one in status.moods), default=1.0
    )
    return [
        {
            "mood": one.mood,
            "pictures": one.pictures,
            "tracks": one.tracks,
            "of_pictures": rules.add(width=_percent(one.picture_share / (most or 1))),
            "of_tracks": rules.add(width=_percent(one.track_share / (most or 1))),
        }
        for one in status.moods
    ]


def _judged(judged: Judged | None, rules: _Rules) -> dict[str, Any] | None:
    if judged is None:
        return None
    rivals = [
        {
            "kind": rival.kind.replace("_", " "),
            "serves": rival.serves,
            "tone": "ours" if rival.is_ours else "rival",
            "is_control": rival.is_control,
            "cells": [_cell(rival.figures.get(metric), rules) for metric in JUDGED_BY],
        }
        for rival in judged.rivals
    ]
    return {"truth": judged.truth, "tracks": judged.tracks, "rivals": rivals}


def _cell(figure: Figure | None, rules: _Rules) -> dict[str, str] | None:
    if figure is None:
        return None
    return {
        "value": f"{figure.value:.2f}",
        "interval": f"{figure.low:.2f} to {figure.high:.2f}",
        "bar": rules.add(width=_percent(figure.value)),
        "whisker": rules.add(
            left=_percent(figure.low), width=_percent(figure.high - figure.low)
        ),
    }


def _card(
    card: Mapping[str, Any], tiles: Sequence[Sight], rules: _Rules
) -> dict[str, Any]:
    return {
        "title": str(card["title"]),
        "artist": card["artist"],
        "moods": [str(mood) for mood in card["moods"]],
        "length": clock(float(card["duration_s"])),
        "href": f"../boards/{quote(str(card['board_id']))}/board.html",
        "strip": rules.add(background=stripes(card["palette"])),
        "tiles": [_shown(tile) for tile in tiles],
    }


def _credit(credit: Credit) -> dict[str, Any]:
    links = {name: web_link(getattr(credit, name)) for name in ("licence_url", "url")}
    return asdict(credit) | links


def _percent(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.2f}%"
