"""Under what terms the models of audio memory come, as their makers say it.

A statement of facts with its sources, no legal advice. What is not listed is not known,
and what is not known is not cleared for commercial use.

Not here: the terms of pictures (corpus.licences) and of music models (music.encoders).
"""

from dataclasses import dataclass
from typing import Literal

from evoke_core.config.memory import TINY, MemoryRules
from evoke_core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Terms:
    """What a model's weights may be used for.

    Args:
        licence: Its name.
        said: What it says of our use, and where that stands.
        commercial: Whether commercial use is allowed beyond doubt.
    """

    licence: str
    said: str
    commercial: bool


_OURS = Terms("MIT", "random weights, made by memory.tiny", commercial=True)
_UNKNOWN = Terms(
    "unknown", "not listed in memory.terms; ask its maker", commercial=False
)
_OPENRAIL = Terms(
    "CreativeML-OpenRAIL-M",
    "images may be used by whoever makes them, not for the harmful uses that "
    "attachment A of the licence lists; the licence rides along with the weights",
    commercial=True,
)
_DEMUCS = Terms(
    "MIT (disputed for weights)",
    "code MIT; the weights' page says MIT since July 2026, their author wrote in 2022 "
    "and 2023 that they are for research only (facebookresearch/demucs, issues 327 and "
    "508); stems are not handed on",
    commercial=False,
)
_OPENL3 = Terms(
    "CC-BY-4.0",
    "weights CC BY 4.0, code MIT (marl/openl3, README); credit Cramer, Wu, Salamon and "
    "Bello, ICASSP 2019",
    commercial=True,
)
_BY_PREFIX: dict[str, tuple[tuple[str, Terms], ...]] = {
    "demucs": (("htdemucs", _DEMUCS), (TINY.separator, _OURS)),
    "openl3": (("openl3", _OPENL3), (TINY.openl3, _OURS)),
    "stable-diffusion": (("stable-diffusion-v1-", _OPENRAIL), (TINY.diffusion, _OURS)),
}


def look_up_terms(family: str, name: str) -> Terms:
    """Say under what terms a model comes.

    Args:
        family: demucs, openl3 or stable-diffusion.
        name: Of its weights, as the rules have it.
    """
    plain = name.casefold()
    known = _BY_PREFIX[family]
    return next((terms for start, terms in known if plain.startswith(start)), _UNKNOWN)


def terms_of(rules: MemoryRules) -> dict[str, Terms]:
    """Say under what terms each model of the rules comes, by family."""
    names = {
        "demucs": rules.separator,
        "openl3": rules.openl3,
        "stable-diffusion": rules.diffusion,
    }
    return {family: look_up_terms(family, name) for family, name in names.items()}


def require_terms(
    rules: MemoryRules, policy: Literal["research", "commercial"]
) -> None:
    """Refuse models that a commercial run may not use, or that nobody is sure of.

    Raises:
        ConfigError: The policy is commercial and some model's terms are not.
    """
    if policy != "commercial":
        return
    for family, terms in terms_of(rules).items():
        if not terms.commercial:
            raise ConfigError(
                f"memory: licence_policy is commercial, and the terms of the {family} "
                f"model are {terms.licence} ({terms.said}); choose other weights, "
                "leave memory out of the profile, or say licence_policy: research"
            )
