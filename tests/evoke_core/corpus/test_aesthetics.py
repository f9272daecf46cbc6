"""Words of a collection name one of the seven aesthetics, or none."""

from pathlib import Path

import polars as pl
import pytest

from evoke_core.corpus.aesthetics import AESTHETICS, Aesthetics, load_aesthetics
from evoke_core.errors import ConfigError


def named(
    aesthetics: Aesthetics, *words: str, collection: str = "folder"
) -> str | None:
    rows = [("one", collection, list(words), None)]
    schema = {
        "image_id": pl.String, "source": pl.String, "keywords": pl.List(pl.String),
        "stratum": pl.String,
    }  # fmt: skip
    manifest = pl.DataFrame(rows, schema=schema, orient="row")
    return aesthetics.name_each(manifest)["aesthetic"][0]


@pytest.fixture
def aesthetics(assets_config: Path) -> Aesthetics:
    return load_aesthetics(assets_config / "aesthetics.yaml")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("Mountains", "sky"), "nature"),
        (("Abstract_Expressionism",), "abstract"),
        (("Color_Field_Painting",), "abstract"),
        (("High_Renaissance", "portrait", "Baroque"), "fine_art"),
        (("Ukiyo_e",), "fine_art"),
        (("building", "facade", "sky"), "architecture"),
        (("street", "traffic", "tree"), "urban"),
        (("close-up", "rust"), "textural"),
        (("portrait", "smile"), "photography"),
        (("fine_art",), "fine_art"),
        (("xylophone",), None),
        ((), None),
    ],
)
def test_most_words_decide(
    aesthetics: Aesthetics, words: tuple[str, ...], expected: str | None
):
    assert named(aesthetics, *words) == expected


def test_where_words_are_silent_the_collection_speaks(aesthetics: Aesthetics):
    assert named(aesthetics, "xylophone", collection="unsplash") == "photography"
    assert named(aesthetics, "lake", collection="wikiart") == "nature"
    assert named(aesthetics, "xylophone", collection="folder") is None


def test_of_equals_the_special_stands_before_the_general(aesthetics: Aesthetics):
    assert named(aesthetics, "texture", "tree") == "textural"


def test_a_word_said_twice_counts_once_and_rows_keep_their_order(
    aesthetics: Aesthetics,
):
    manifest = pl.DataFrame(
        {
            "image_id": ["b", "a"],
            "source": ["x", "wikiart"],
            "keywords": [["Tree", "trees", "street", "road"], []],
            "stratum": [None, None],
        },
        schema_overrides={"keywords": pl.List(pl.String), "stratum": pl.String},
    )

    named = aesthetics.name_each(manifest)

    assert named["image_id"].to_list() == ["b", "a"]
    assert named["aesthetic"].to_list() == ["urban", "fine_art"]


def test_every_painted_family_and_wikiart_style_is_named(
    aesthetics: Aesthetics, shared: Path
):
    listed = (shared / "data/formats/wikiart/style_class.txt").read_text()
    styles = [line.split()[1] for line in listed.splitlines() if line.strip()]

    assert {named(aesthetics, style) for style in styles} == {"fine_art", "abstract"}
    assert [named(aesthetics, name) for name in AESTHETICS] == list(AESTHETICS)


@pytest.mark.parametrize(
    "text",
    [
        "aesthetics: {nature: [tree]}",
        "aesthetics: [",
        "collections: {}",
        "nothing",
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path: Path, text: str):
    path = tmp_path / "aesthetics.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"aesthetics\.yaml"):
        load_aesthetics(path)
