"""Which licences are known, what they allow, and which of two is the freer.

An allow-list: what nobody has read is refused. The list with its reasons is
`licences.yaml`; which policy a run is made under is the profile's `licence_policy`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import polars as pl

from evoke_core.config.loading import read_mapping
from evoke_core.errors import ConfigError

Policy = Literal["research", "commercial"]

_KEYS = {"id", "spelled", "research", "commercial", "reason"}


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence, and how collections begin to spell it."""

    id: str
    spelled: tuple[str, ...]
    research: bool
    commercial: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Licences:
    """All known licences, from the freest to the strictest."""

    known: tuple[Licence, ...]

    def find(self, licence: str) -> Licence | None:
        """Return the licence that is spelled so, None for an unknown one."""
        said = _plain(licence)
        fits = [
            (len(_plain(start)), -rank, entry)
            for rank, entry in enumerate(self.known)
            for start in entry.spelled
            if _begins(said, _plain(start))
        ]
        return max(fits, key=lambda fit: fit[:2])[2] if fits else None

    def rank(self, licence: str) -> int:
        """Return how free it is: 0 the freest, len(known) for an unknown one."""
        entry = self.find(licence)
        return len(self.known) if entry is None else self.known.index(entry)

    def allowed(self, licence: str, policy: Policy, *, owned: bool = False) -> bool:
        """Tell whether a picture may be used.

        An unknown licence is refused, except under research for a user's own
        pictures: those are the user's to judge.
        """
        entry = self.find(licence)
        if entry is None:
            return owned and policy == "research"
        return entry.research if policy == "research" else entry.commercial

    def objections(
        self, licences: pl.Series, policy: Policy, *, owned: bool = False
    ) -> pl.DataFrame:
        """Say of each distinct licence that is not allowed why it isn't.

        Returns:
            Columns licence, licence_reason (licence_refused or licence_unknown) and
            licence_detail; no row for an allowed one.
        """
        rows = [
            (licence, *self._objection(licence, policy))
            for licence in licences.drop_nulls().unique().sort()
            if not self.allowed(licence, policy, owned=owned)
        ]
        columns = ("licence", "licence_reason", "licence_detail")
        return pl.DataFrame(
            rows, schema=dict.fromkeys(columns, pl.String), orient="row"
        )

    def with_freedom(self, manifest: pl.DataFrame) -> pl.DataFrame:
        """Add the column `freedom` to rows with a licence; see `rank`."""
        ranks = {each: self.rank(each) for each in manifest["licence"].unique()}
        freedom = pl.col("licence").replace_strict(ranks, return_dtype=pl.Int64)
        return manifest.with_columns(freedom.alias("freedom"))

    def _objection(self, licence: str, policy: Policy) -> tuple[str, str]:
        entry = self.find(licence)
        if entry is None:
            return "licence_unknown", (
                f"licence {licence!r} is not in licences.yaml; read it and add it "
                "there, or drop the picture"
            )
        remedy = (
            "drop it or run under licence_policy: research"
            if entry.research
            else "drop it"
        )
        return "licence_refused", (
            f"licence {licence} bars {policy} use ({entry.reason}); {remedy}"
        )


def load_licences(path: Path) -> Licences:
    """Read `licences.yaml`.

    Raises:
        ConfigError: No such file, or an entry that does not fit.
    """
    entries = read_mapping(path).get("licences")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(f"{path.name}: holds no list under licences:")
    known = tuple(
        _licence(path.name, place, each) for place, each in enumerate(entries)
    )
    _check_distinct(path.name, known)
    return Licences(known)


def _licence(file: str, place: int, entry: object) -> Licence:
    if not isinstance(entry, Mapping) or set(entry) != _KEYS:
        raise ConfigError(
            f"{file}: licences[{place}] must have exactly {', '.join(sorted(_KEYS))}; "
            f"got {entry!r}"
        )
    spelled = entry["spelled"]
    flags = (entry["research"], entry["commercial"])
    if not isinstance(spelled, Sequence) or isinstance(spelled, str) or not spelled:
        raise ConfigError(f"{file}: licences[{place}].spelled needs a list of names")
    if not all(isinstance(flag, bool) for flag in flags):
        raise ConfigError(
            f"{file}: licences[{place}]: research and commercial are true or false; "
            f"got {flags}"
        )
    return Licence(
        id=str(entry["id"]),
        spelled=tuple(str(name) for name in spelled),
        research=cast("bool", flags[0]),
        commercial=cast("bool", flags[1]),
        reason=str(entry["reason"]),
    )


def _check_distinct(file: str, known: Sequence[Licence]) -> None:
    seen: dict[str, str] = {}
    for entry in known:
        for name in entry.spelled:
            other = seen.setdefault(_plain(name), entry.id)
            if other != entry.id:
                raise ConfigError(
                    f"{file}: {name!r} is spelled under {other} and {entry.id}; "
                    "leave it under one"
                )


def _plain(text: str) -> str:
    """Lower case, one blank for what separates words, no scheme of an address."""
    bare = re.sub(r"^https?://(www\.)?", "", text.strip().casefold())
    return re.sub(r"[\s_-]+", " ", bare).strip()


def _begins(said: str, start: str) -> bool:
    """Tell whether a text begins with whole words: "MIT licence", not "mitigated"."""
    if not start or not said.startswith(start):
        return False
    rest = said[len(start) :]
    return not rest or not start[-1].isalnum() or not rest[0].isalnum()
