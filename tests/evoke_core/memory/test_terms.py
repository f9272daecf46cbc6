"""Terms of models are said, and a commercial run takes none that are unclear."""

import pytest

from evoke_core.config.memory import TINY, MemoryRules
from evoke_core.errors import ConfigError
from evoke_core.memory.terms import require_terms, terms_of


def test_every_model_of_the_default_has_its_licence_named():
    licences = {
        family: each.licence for family, each in terms_of(MemoryRules()).items()
    }

    assert licences == {
        "demucs": "MIT (disputed for weights)",
        "openl3": "CC-BY-4.0",
        "stable-diffusion": "CreativeML-OpenRAIL-M",
    }


def test_random_models_are_free():
    assert {each.licence for each in terms_of(TINY).values()} == {"MIT"}
    require_terms(TINY, "commercial")


def test_an_unknown_model_is_not_cleared():
    rules = MemoryRules(separator="HTDemucs", diffusion="somebody-elses")

    assert terms_of(rules)["stable-diffusion"].licence == "unknown"


def test_a_commercial_run_refuses_unclear_terms():
    with pytest.raises(ConfigError, match="demucs model are MIT"):
        require_terms(MemoryRules(), "commercial")


def test_research_takes_them():
    require_terms(MemoryRules(), "research")
