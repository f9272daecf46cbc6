"""Curated pairs: what most raters said of a picture with a song.

Each rater has one vote on a pair, the last. Copies of a picture and of a recording are
one, so that a vote on either is a vote on both. Agreement is measured in `agreement`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from evoke_core.reviews.ballot import Ballot, Vote
from evoke_core.reviews.verdict import Background
from evoke_core.schemas import TABLES

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """A rater's last word on a pair.

    Args:
        rater: Who.
        background: What they do.
        is_match: What they said.
        at: When.
    """

    rater: str
    background: Background
    is_match: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Names:
    """By which name copies are known.

    Args:
        keepers: image_id of the kept picture, by the image_id of each of its copies.
        tracks: track_id by the SHA-256 of the recording; one that is not there goes
            by the lowest track_id among its votes.
    """

    keepers: Mapping[str, str]
    tracks: Mapping[str, str]


def last_words(ballots: Iterable[Ballot], names: Names) -> dict[Pair, list[Said]]:
    """Gather each rater's last word on each pair.

    Args:
        ballots: In any order; equal times are settled by the file's digest.
        names: Of pictures and tracks that have copies.

    Returns:
        By (track_id, image_id) in their order; a rater whose last word was unsure is
        not counted.
    """
    cast = [(vote, ballot) for ballot in ballots for vote in ballot.votes]
    track_of = _track_names((vote for vote, _ in cast), names)
    last: dict[tuple[Pair, str], Said | None] = {}
    for vote, ballot in sorted(cast, key=lambda one: (one[0].at, one[1].digest)):
        image_id = names.keepers.get(vote.image_id, vote.image_id)
        pair = (track_of[vote.track_sha256], image_id)
        last[pair, ballot.rater] = (
            None
            if vote.is_match is None
            else Said(ballot.rater, ballot.background, vote.is_match, vote.at)
        )
    words: dict[Pair, list[Said]] = defaultdict(list)
    for (pair, _), said in sorted(last.items(), key=lambda item: item[0]):
        if said is not None:
            words[pair].append(said)
    return dict(words)


def curate(words: Mapping[Pair, list[Said]]) -> pl.DataFrame:
    """Settle each pair by majority; ties are left out.

    Returns:
        The table `curated_pairs`, ordered by track and picture.
    """
    rows = [
        _row(pair, said) for pair, said in sorted(words.items()) if not _is_tie(said)
    ]
    return TABLES["curated_pairs"].frame(rows)


def _track_names(votes: Iterable[Vote], names: Names) -> dict[str, str]:
    found: dict[str, str] = {}
    for vote in votes:
        known = names.tracks.get(vote.track_sha256)
        lowest = min(found.get(vote.track_sha256, vote.track_id), vote.track_id)
        found[vote.track_sha256] = known or lowest
    return found


def _is_tie(said: list[Said]) -> bool:
    return 2 * sum(one.is_match for one in said) == len(said)


def _row(pair: Pair, said: list[Said]) -> dict[str, object]:
    matches = sum(one.is_match for one in said)
    majority = max(matches, len(said) - matches)
    backgrounds = Counter(one.background for one in said)
    return {
        "track_id": pair[0],
        "image_id": pair[1],
        "match": int(2 * matches > len(said)),
        "raters": len(said),
        "agreement": majority / len(said),
        "musicians": backgrounds["musician"],
        "designers": backgrounds["designer"],
        "judged_on": max(one.at for one in said).date(),
    }
