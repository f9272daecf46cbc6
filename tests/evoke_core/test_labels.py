"""Labels become places on the plane, or nothing."""

from pathlib import Path

import numpy as np
import pytest

from evoke_core.config import AXES, Axis, Mood, Vocabulary
from evoke_core.errors import ConfigError
from evoke_core.labels import place_words, read_labels


def mood(valence: float, arousal: float, *words: str) -> Mood:
    return Mood(
        images=("i",), music=("m",), words=words, valence=valence, arousal=arousal
    )


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    axis = Axis(low="a", high="b", low_prompts=("a",), high_prompts=("b",))
    return Vocabulary(
        moods={
            "serene": mood(0.8, -0.8, "lake", "still water"),
            "tense": mood(-0.6, 0.6, "storm"),
        },
        axes=dict.fromkeys(AXES, axis),
    )


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (["lake"], (0.8, -0.8)),
        (["Two LAKES in the hills"], (0.8, -0.8)),
        (["over still waters"], (0.8, -0.8)),
        (["tense"], (-0.6, 0.6)),
        (["lake", "storm"], (0.1, -0.1)),
        (["storm, lake and storm"], (0.1, -0.1)),
    ],
)
def test_words_stand_where_the_moods_that_they_name_lie(
    vocabulary: Vocabulary, said: list[str], place: tuple[float, float]
):
    assert place_words([said], vocabulary)[0] == pytest.approx(place)


@pytest.mark.parametrize("said", [[], [""], ["snowflake", "stormy still"]])
def test_words_that_name_no_mood_have_no_place(vocabulary: Vocabulary, said: list[str]):
    placed = place_words([said, ["lake"]], vocabulary)
    assert placed.dtype == np.float32
    assert np.isnan(placed[0]).all()
    assert np.isfinite(placed[1]).all()


def test_the_words_of_a_table_are_parted_and_placed(
    vocabulary: Vocabulary, tmp_path: Path
):
    table = tmp_path / "labels.csv"
    table.write_text(
        "title,path,labels\n"
        "One,a.mp3,lake; storm\n"
        'Two,b.mp3,"still water,unheard"\n'
        "Three,c.mp3,unheard|of\n"
        "Four,d.mp3,\n"
        "Five,,lake\n"
    )
    places = read_labels(table, vocabulary)
    assert places == {
        "a.mp3": pytest.approx((0.1, -0.1)),
        "b.mp3": pytest.approx((0.8, -0.8)),
    }


def test_places_are_taken_as_they_are_and_come_before_words(
    vocabulary: Vocabulary, tmp_path: Path
):
    table = tmp_path / "labels.csv"
    table.write_text(
        "\ufeffid,valence,arousal,labels\n1,0.5,-0.25,storm\n2,,0.1,lake\n3,high,0,lake\n"
    )
    assert read_labels(table, vocabulary) == {"1": (0.5, -0.25)}


def test_a_table_without_the_columns_or_without_a_table_is_refused(
    vocabulary: Vocabulary, tmp_path: Path
):
    table = tmp_path / "labels.csv"
    for header in ("path,genre", "labels,genre", "path,valence", ""):
        table.write_text(f"{header}\n1,2\n")
        with pytest.raises(ConfigError, match="needs a column id, path"):
            read_labels(table, vocabulary)
    table.write_bytes(b"path,labels\n\xff\xfe,lake\n")
    with pytest.raises(ConfigError, match="bring a CSV file in UTF-8"):
        read_labels(table, vocabulary)
    with pytest.raises(ConfigError, match="can't be read"):
        read_labels(tmp_path / "gone.csv", vocabulary)
