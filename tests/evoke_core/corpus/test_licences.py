"""The allow-list knows how collections spell their licences, and what they allow."""

import csv
from pathlib import Path

import polars as pl
import pytest

from evoke_core.corpus.licences import Licences, load_licences
from evoke_core.errors import ConfigError


@pytest.fixture
def licences(assets_config: Path) -> Licences:
    return load_licences(assets_config / "licences.yaml")


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("CC0", "CC0"),
        ("CC0-1.0", "CC0"),
        ("CC0 (Pixabay, as credited)", "CC0"),
        ("Public domain (artist d. before 1955)", "public-domain"),
        ("PDM 1.0", "public-domain"),
        ("Unsplash (downloaded under the older licence)", "Unsplash"),
        ("Unsplash+", "all-rights-reserved"),
        ("MIT (repository licence; test fixtures)", "MIT"),
        ("mitigated", None),
        ("CC-BY-2.0", "CC-BY"),
        ("cc by 2.0", "CC-BY"),
        ("https://creativecommons.org/licenses/by/2.0/", "CC-BY"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/", "CC-BY-NC-SA"),
        ("CC BY-SA 4.0", "CC-BY-SA"),
        ("CC_BY_NC_SA", "CC-BY-NC-SA"),
        ("CC BY-NC-ND 3.0", "CC-BY-NC-ND"),
        ("private", "private"),
        ("All rights reserved", "all-rights-reserved"),
        ("", None),
        ("found it somewhere", None),
    ],
)
def test_a_licence_is_known_by_how_it_is_spelled(
    licences: Licences, said: str, known: str | None
):
    found = licences.find(said)

    assert (found and found.id) == known


def test_freer_licences_come_first_and_unknown_ones_last(licences: Licences):
    order = ["CC0", "Public domain", "CC BY 4.0", "CC BY-NC 4.0", "private", "???"]

    ranks = [licences.rank(name) for name in order]

    assert ranks == sorted(set(ranks))
    assert licences.rank("???") == len(licences.known)


@pytest.mark.parametrize(
    ("said", "research", "commercial", "owned"),
    [
        ("CC0", True, True, True),
        ("CC BY-ND 4.0", True, False, True),
        ("private", True, False, True),
        ("All rights reserved", False, False, False),
        ("unheard of", False, False, True),
    ],
)
def test_what_is_allowed_goes_by_the_policy(
    licences: Licences, said: str, research: bool, commercial: bool, owned: bool
):
    assert licences.allowed(said, "research") is research
    assert licences.allowed(said, "commercial") is commercial
    assert licences.allowed(said, "research", owned=True) is owned
    assert licences.allowed(said, "commercial", owned=True) is commercial


def test_only_what_is_refused_has_an_objection(licences: Licences):
    said = pl.Series(["CC0", "CC BY-NC 4.0", "???", "CC BY-NC 4.0", None])

    objections = licences.objections(said, "commercial")

    assert objections["licence"].to_list() == ["???", "CC BY-NC 4.0"]
    assert objections["licence_reason"].to_list() == [
        "licence_unknown", "licence_refused",
    ]  # fmt: skip


@pytest.mark.shared
def test_every_licence_of_the_rated_collections_is_known(
    licences: Licences, shared: Path
):
    with (shared / "data/images/images.csv").open(encoding="utf-8") as table:
        said = {row["license"] for row in csv.DictReader(table)}

    assert [name for name in said if not licences.allowed(name, "commercial")] == []


FLAGS = "research: true, commercial: true, reason: r"
X = f"{{id: X, spelled: [a-b], {FLAGS}}}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("licences: []", "holds no list"),
        ("- a", "holds no mapping"),
        ("licences: [{id: X}]", "must have exactly"),
        (f"licences: [{{id: X, spelled: X, {FLAGS}}}]", "needs a list of names"),
        (
            f"licences: [{{id: X, spelled: [X], {FLAGS.replace('true', '1')}}}]",
            "true or false",
        ),
        (
            f"licences: [{X}, {X.replace('id: X', 'id: Y')}]",
            "spelled under X and Y",
        ),
        ("licences: [", "not valid YAML"),
    ],
)
def test_a_list_that_does_not_fit_says_where(tmp_path: Path, text: str, says: str):
    path = tmp_path / "licences.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=says):
        load_licences(path)


def test_a_list_that_is_a_folder_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"can't be read"):
        load_licences(tmp_path)


def test_a_missing_list_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"licences\.yaml: not found"):
        load_licences(tmp_path / "licences.yaml")
