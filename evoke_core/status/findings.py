"""What the status page says first: one finding a part, and whether to look closer.

The figures behind them come from `status`.
"""

from dataclasses import dataclass
from typing import Literal

from evoke_core.pages.captions import count
from evoke_core.status.funnel import TEACHES, WAITS
from evoke_core.status.status import Status

State = Literal["well", "look", "none"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the page in a sentence.

    Args:
        part: Id of its section on the page.
        label: For people.
        state: Is all well, should somebody look, or is there nothing yet.
        said: The sentence.
    """

    part: str
    label: str
    state: State
    said: str


def find_all(status: Status) -> list[Finding]:
    """Say what each part of a status amounts to, in the order of the page."""
    return [
        _pictures(status),
        _map(status),
        _moods(status),
        _bridge(status),
        _index(status),
        _boards(status),
        _drops(status),
    ]


def share(part: float) -> str:
    """Say a share of 0 to 1 in percent; what is rounded is never called all."""
    return "100 %" if part >= 1 else f"{min(100 * part, 99.9):.1f} %"


def _pictures(status: Status) -> Finding:
    listed, served = status.funnel.total("listed"), status.funnel.total("served")
    if not listed:
        return Finding(
            "pictures", "Pictures", "none", "No picture has been listed yet."
        )
    no_loss = (TEACHES, WAITS)
    lost = [loss for loss in status.funnel.losses if loss.reason not in no_loss]
    most = max(lost, key=lambda loss: loss.count, default=None)
    why = f" Most were left out as {most.reason} ({most.count:,})." if most else ""
    waiting = sum(one.count for one in status.funnel.losses if one.reason == WAITS)
    if waiting:
        why += f" {waiting:,} wait for the next refresh."
    said = f"{served:,} of {count(listed, 'listed picture')} can be shown.{why}"
    return Finding("pictures", "Pictures", "well" if served else "look", said)


def _map(status: Status) -> Finding:
    if status.shared_map is None:
        return Finding("map", "Map", "none", "There are too few pictures for a map.")
    songs = len(status.shared_map.walks)
    said = "Pictures and music lie in one space" + (
        "; choose a song to see its way through it." if songs else "."
    )
    return Finding("map", "Map", "well", said)


def _moods(status: Status) -> Finding:
    if not status.moods:
        return Finding("moods", "Moods", "none", "No mood has been named yet.")
    bare = [one.mood for one in status.moods if not one.pictures]
    if not bare:
        said = f"All {len(status.moods)} moods have pictures."
        return Finding("moods", "Moods", "well", said)
    named = ", ".join(bare[:6]) + (" and others" if len(bare) > 6 else "")
    said = f"{len(bare)} of {len(status.moods)} moods have no picture: {named}."
    return Finding("moods", "Moods", "look", said)


def _bridge(status: Status) -> Finding:
    if status.judged is None:
        return Finding(
            "bridge", "Bridge", "none", "The bridge has not been judged yet."
        )
    state: State = "well" if status.judged.has_learned else "look"
    return Finding("bridge", "Bridge", state, _capital(status.judged.finding))


def _index(status: Status) -> Finding:
    if status.health is None:
        return Finding("index", "Index", "none", "Nothing has been released yet.")
    if status.health.is_well:
        said = f"All {count(status.health.expected, 'picture')} are there"
        found = status.health.recall
        said += (
            "." if found is None else f", and it finds {share(found)} of the nearest."
        )
        return Finding("index", "Index", "well", said)
    return Finding("index", "Index", "look", _capital(status.health.problems[0]))


def _boards(status: Status) -> Finding:
    boards = len(status.latest.ids)
    if not boards:
        said = "No board yet. Copy a song into the drops folder, and it appears here."
        return Finding("boards", "Boards", "none", said)
    return Finding("boards", "Boards", "well", f"{count(boards, 'board')} so far.")


def _drops(status: Status) -> Finding:
    told = status.dropped
    if not told.done + told.waiting + told.quarantined:
        return Finding("drops", "Drops", "none", "No song has been dropped yet.")
    parts = [f"{count(told.done, 'dropped song')} with a board"]
    if told.waiting:
        parts.append(f"{told.waiting:,} waiting")
    if told.quarantined:
        parts.append(f"{told.quarantined:,} set aside")
    state: State = "look" if told.quarantined else "well"
    return Finding("drops", "Drops", state, ", ".join(parts) + ".")


def _capital(text: str) -> str:
    sentence = text[:1].upper() + text[1:]
    return sentence if sentence.endswith(".") else f"{sentence}."
