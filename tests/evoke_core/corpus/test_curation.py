"""Every listed picture is kept, a duplicate, rejected or failed, and says why."""

from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evoke_core.config.profile import CurationRules
from evoke_core.corpus.aesthetics import load_aesthetics
from evoke_core.corpus.curation import count_by_status, curate, objections
from evoke_core.corpus.licences import load_licences
from evoke_core.errors import ConfigError
from evoke_core.schemas import TABLES, validate

RULES = CurationRules(
    min_side_px=200,
    max_aspect=3.0,
    min_entropy_bits=1.0,
    max_flat_share=0.9,
    max_border_share=0.5,
    min_sharpness=8.0,
    max_text_score=0.6,
    min_composition=0.1,
    owned_sources=("mine",),
)
CONFIG = Path(__file__).parents[3] / "assets_config"
LICENCES = load_licences(CONFIG / "licences.yaml")
FINE = {
    "width_px": 800,
    "height_px": 600,
    "entropy_bits": 7.0,
    "flat_share": 0.1,
    "border_share": 0.0,
    "sharpness": 500.0,
    "text_score": 0.0,
    "composition_score": 0.7,
}
FATES = ("fine", "unfetched", "unmeasured", "exact", "near", "small", "flat")


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Fill what does not matter; a list column that is not named is empty."""
    columns = TABLES[name].columns
    blank = {
        n: [] if isinstance(c.dtype, pl.List) else None for n, c in columns.items()
    }
    schema = {n: c.dtype for n, c in columns.items()}
    return pl.DataFrame([blank | row for row in rows], schema=schema)


class Corpus:
    """Tables that agree with each other, one picture added at a time."""

    def __init__(self) -> None:
        self.manifest: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.facts: list[dict[str, Any]] = []
        self.clusters: list[dict[str, Any]] = []

    def add(
        self,
        fate: str = "fine",
        *,
        source: str = "open",
        licence: str = "CC0",
        **facts: Any,
    ) -> str:
        name = f"i{len(self.manifest)}"
        who = {"image_id": name, "source": source, "source_key": name}
        self.manifest.append(who | {"licence": licence, "served": True})
        if fate == "unfetched":
            told = {"reason": "unreadable_file", "detail": "check it"}
            self.files.append(who | told | {"status": "failed"})
            return name
        self.files.append(who | {"status": "stored"})
        if fate == "unmeasured":
            told = {"reason": "truncated", "detail": "fetch it again"}
            self.facts.append(who | told | {"status": "failed"})
            return name
        taste = {"small": {"height_px": 150}, "flat": {"entropy_bits": 0.5}}
        seen = FINE | taste.get(fate, {}) | facts
        self.facts.append(who | seen | {"status": "measured"})
        copy = fate in ("exact", "near")
        self.clusters.append(
            who
            | {"is_keeper": not copy, "relation": fate if copy else "keeper"}
            | {"cluster_id": "i0" if copy else name}
        )
        return name

    def curate(self, licence_policy: str = "research") -> pl.DataFrame:
        curated = curate(
            table("source_manifests", self.manifest),
            table("image_files", self.files),
            table("image_facts", self.facts),
            table("duplicate_clusters", self.clusters),
            RULES,
            licence_policy=licence_policy,
            licences=LICENCES,
            aesthetics=load_aesthetics(CONFIG / "aesthetics.yaml"),
        )
        assert validate("curated_images", curated).equals(curated)
        return curated

    def verdict(self, licence_policy: str = "research") -> tuple[str, str | None]:
        row = self.curate(licence_policy).row(-1, named=True)
        return row["status"], row["reason"]


@pytest.fixture
def corpus() -> Corpus:
    return Corpus()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(FATES),
            st.sampled_from(["open", "mine"]),
            st.sampled_from(["CC0", "CC BY-NC 4.0"]),
        ),
        max_size=12,
    ),
    st.sampled_from(["research", "commercial"]),
)
@settings(max_examples=25)
def test_rows_in_are_kept_duplicate_rejected_or_failed(
    listed: list[tuple[str, str, str]], policy: str
):
    corpus = Corpus()
    for fate, source, licence in listed:
        corpus.add(fate, source=source, licence=licence)

    curated = corpus.curate(policy)

    names = [row["image_id"] for row in corpus.manifest]
    assert curated["image_id"].to_list() == names
    assert sum(count_by_status(curated).values()) == len(listed)
    left_out = curated["status"] != "kept"
    assert curated["reason"].is_not_null().equals(left_out)
    assert curated["detail"].is_not_null().equals(left_out)
    assert curated.filter(left_out)["note"].null_count() == left_out.sum()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, None),
        ({"width_px": 200, "height_px": 200}, None),
        ({"width_px": 199, "height_px": 400}, "low_resolution"),
        ({"width_px": 900, "height_px": 300}, None),
        ({"width_px": 901, "height_px": 300}, "extreme_aspect"),
        ({"width_px": 300, "height_px": 901}, "extreme_aspect"),
        ({"entropy_bits": 1.0}, None),
        ({"entropy_bits": 0.99}, "flat"),
        ({"flat_share": 0.9}, None),
        ({"flat_share": 0.91}, "one_tone"),
        ({"border_share": 0.5}, None),
        ({"border_share": 0.51}, "bars"),
        ({"sharpness": 8.0}, None),
        ({"sharpness": 7.9}, "blurred"),
        ({"text_score": 0.59}, None),
        ({"text_score": 0.61}, "text"),
        ({"composition_score": 0.11}, None),
        ({"composition_score": 0.09}, "poor_composition"),
        ({"text_score": 0.9, "sharpness": 1.0}, "blurred"),
        ({"width_px": 100, "height_px": 900, "entropy_bits": 0.1}, "low_resolution"),
        ({"width_px": 900, "height_px": 200, "entropy_bits": 0.1}, "extreme_aspect"),
    ],
)
def test_taste_objects_beyond_its_limits_and_names_the_first_objection(
    corpus: Corpus, facts: dict[str, Any], reason: str | None
):
    corpus.add(**facts)

    assert corpus.verdict() == ("rejected" if reason else "kept", reason)


def test_licence_comes_before_failure_before_copy_before_taste(corpus: Corpus):
    corpus.add()
    bad = {"licence": "CC BY-NC 4.0"}

    for fate in ("unfetched", "unmeasured", "exact", "near", "flat"):
        corpus.add(fate, **bad)
        assert corpus.verdict("commercial") == ("rejected", "licence_refused")
    corpus.add("unfetched")
    assert corpus.verdict() == ("failed", "unreadable_file")
    corpus.add("unmeasured")
    assert corpus.verdict() == ("failed", "truncated")
    corpus.add("near", entropy_bits=0.1)
    assert corpus.verdict() == ("duplicate", "near_duplicate")
    corpus.add("exact")
    assert corpus.verdict() == ("duplicate", "exact_duplicate")
    corpus.add("flat")
    assert corpus.verdict() == ("rejected", "flat")


def test_a_measure_that_is_missing_objects_to_nothing(corpus: Corpus):
    corpus.add(**dict.fromkeys(("text_score", "flat_share", "sharpness")))

    assert corpus.verdict() == ("kept", None)


def test_every_rule_has_its_own_word_and_sentence():
    rules = objections(RULES)

    assert len({rule.reason for rule in rules}) == len(rules)
    assert len({rule.sentence for rule in rules}) == len(rules)


def test_a_users_own_pictures_are_kept_with_a_note(corpus: Corpus):
    for fate in ("small", "flat", "fine"):
        corpus.add(fate, source="mine")

    curated = corpus.curate()

    assert curated["status"].to_list() == ["kept"] * 3
    assert curated["note"].to_list() == ["low_resolution", "flat", None]


def test_unreadable_and_duplicate_pictures_of_a_user_go(corpus: Corpus):
    corpus.add(source="mine")
    for fate in ("unmeasured", "near"):
        corpus.add(fate, source="mine")

    assert corpus.curate()["status"].to_list() == ["kept", "failed", "duplicate"]


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("CC0-1.0", True),
        ("CC BY 4.0", True),
        ("Unsplash", True),
        ("Public domain", True),
        ("MIT licence", True),
        ("ISC LICENCE", True),
        ("CC BY-NC 4.0", False),
        ("cc-by-nc-sa-4.0", False),
        ("NonCommercial", False),
        ("for non-commercial use", False),
        ("Research use only", False),
        ("private", False),
        ("Kodak: released for unrestricted use", True),
    ],
)
def test_commercial_boards_take_only_what_is_not_barred(
    corpus: Corpus, licence: str, free: bool
):
    corpus.add(licence=licence)

    barred = ("rejected", "licence_refused")
    assert corpus.verdict("commercial") == (("kept", None) if free else barred)
    assert corpus.verdict("research") == ("kept", None)


def test_a_refused_licence_says_which_and_what_to_do(corpus: Corpus):
    corpus.add(licence="CC BY-NC 4.0")

    (detail,) = corpus.curate("commercial")["detail"]

    assert detail.startswith("licence CC BY-NC 4.0 bars commercial use")
    assert "licence_policy: research" in detail


def test_an_unknown_licence_is_refused_but_for_a_users_own_research(corpus: Corpus):
    corpus.add(licence="as seen on the web")
    corpus.add(licence="as seen on the web", source="mine")

    research, commercial = corpus.curate(), corpus.curate("commercial")

    assert research["status"].to_list() == ["rejected", "kept"]
    assert research["reason"].to_list() == ["licence_unknown", None]
    assert commercial["status"].to_list() == ["rejected"] * 2
    assert "licences.yaml" in research["detail"][0]


def test_commercial_boards_need_the_list_of_licences(corpus: Corpus):
    corpus.add()
    tables = [
        table("source_manifests", corpus.manifest),
        table("image_files", corpus.files),
        table("image_facts", corpus.facts),
        table("duplicate_clusters", corpus.clusters),
    ]

    kept = curate(*tables, RULES, licence_policy="research")
    assert kept["status"].to_list() == ["kept"]
    with pytest.raises(ConfigError, match=r"licences\.yaml"):
        curate(*tables, RULES, licence_policy="commercial")


def test_a_picture_is_named_by_its_words(corpus: Corpus):
    corpus.add()
    corpus.manifest[-1]["keywords"] = ["Mountain", "snow"]

    assert corpus.curate()["aesthetic"].to_list() == ["nature"]


def test_a_copy_names_its_keeper(corpus: Corpus):
    keeper = corpus.add()
    corpus.add("near")

    assert corpus.curate()["detail"].to_list() == [None, f"a copy of {keeper}"]


def test_every_status_is_counted_even_at_nought(corpus: Corpus):
    for fate, source in product(("fine", "unfetched"), ("open", "mine")):
        corpus.add(fate, source=source)

    assert count_by_status(corpus.curate()) == {
        "kept": 2, "duplicate": 0, "rejected": 0, "failed": 2,
    }  # fmt: skip
