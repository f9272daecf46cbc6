"""The study page: one HTML file that plays, asks, and saves the answers as a file.

It holds pictures and questions and nothing that tells the sides apart: pictures are
re-encoded alike and numbered at random, and the answer key stays in the store.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from evoke_core.pages import figures
from evoke_core.pages.captions import credit_of
from evoke_core.pages.document import (
    data_uri,
    favicon,
    json_block,
    relative_link,
    render_document,
)
from evoke_core.reviews import verdict
from evoke_core.reviews.study import Study, Trial

Shown = tuple[str, bool]

_PACKAGES = ("evoke_core.reviews", "evoke_core.pages")
_SECONDS_A_TRIAL = 20
_GREYS = ("#b8b3ac", "#68645f", "#8a8580", "#d6d1ca")  # the colours of no board


def render_study(
    study: Study,
    boards: Mapping[str, Mapping[str, Any]],
    *,
    images: Mapping[Shown, bytes],
    credits_of: Sequence[Mapping[str, Any]],
    listen_s: float,
) -> str:
    """Write a study as one self-contained HTML document.

    Args:
        study: Its trials.
        boards: Documents by board_id; only the song of each is used.
        images: JPEG by (image_id, is it shown alone); all of a kind made alike.
        credits_of: Of the same pictures: title, attribution, licence, licence_url and
            url; their order is not kept.
        listen_s: Seconds to listen to a song before its first question.

    Returns:
        HTML; deterministic for the same input.
    """
    numbers = _picture_numbers(images, study.seed)
    songs = list(dict.fromkeys(trial.board_id for trial in study.trials))
    data = {
        "schema": verdict.SCHEMA,
        "study_id": study.study_id,
        "listen_s": listen_s,
        "songs": [_song(boards[board_id]) for board_id in songs],
        "trials": [_trial(trial, songs, numbers) for trial in study.trials],
        "pictures": [data_uri(images[shown]) for shown in numbers],
    }
    return render_document(
        "study.html",
        {
            "study_id": study.study_id,
            "favicon": favicon(_GREYS),
            "songs": len(songs),
            "trials": len(study.trials),
            "minutes": max(1, round(len(study.trials) * _SECONDS_A_TRIAL / 60)),
            "credits": _credits(credits_of),
            "data": json_block(data),
        },
        styles=("board.css", "study.css"),
        scripts=(
            "clock.js",
            "notices.js",
            "keeper.js",
            "listening.js",
            "trials.js",
            "study.js",
        ),
        packages=_PACKAGES,
    )


def _picture_numbers(images: Iterable[Shown], seed: int) -> dict[Shown, int]:
    """Number pictures in an order that says nothing of where they are shown."""
    shown = sorted(images)
    order = np.random.default_rng(seed).permutation(len(shown)).tolist()
    return {shown[row]: number for number, row in enumerate(order)}


def _song(board: Mapping[str, Any]) -> dict[str, Any]:
    track = board["track"]
    duration_s = float(track["duration_s"])
    return {
        "title": str(track["title"]),
        "audio": relative_link(track["audio"]),
        "duration_s": duration_s,
        "start_s": _start_s(board["sections"]),
        "wave": figures.ribbon_path(track["peaks"], board["arc"], duration_s),
    }


def _start_s(sections: Sequence[Mapping[str, Any]]) -> float:
    """Begin with the longest section: intros say little of a song."""
    longest = max(
        sections, key=lambda one: float(one["end_s"]) - float(one["start_s"]),
        default={"start_s": 0.0},
    )  # fmt: skip
    return float(longest["start_s"])


def _trial(
    trial: Trial, songs: Sequence[str], numbers: Mapping[Shown, int]
) -> dict[str, Any]:
    alone = trial.real is None
    return {
        "number": trial.number,
        "song": songs.index(trial.board_id),
        "first": [numbers[each, alone] for each in trial.first],
        "second": [numbers[each, alone] for each in trial.second],
    }


def _credits(pictures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List credits by their own words: the order of the boards would tell."""
    lines = map(credit_of, pictures)
    return sorted(lines, key=lambda line: tuple(str(part) for part in line.values()))
