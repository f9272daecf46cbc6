"""Tables of labels are read row by row; what can't be used is a reason."""

from pathlib import Path

import pytest

from evoke_core.errors import ConfigError
from evoke_core.label_tables import (
    Label,
    find_label,
    has_labels,
    parse_label,
    read_labels,
)

JAMENDO = (
    "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
    "track_1\tartist_1\talbum_1\t50/950.mp3\t248.0\tmood/theme---dark\n"
    "track_2\tartist_1\talbum_1\t51/951.mp3\t99.5\tmood/theme---sad\tmood/theme---film\n"
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv"


def test_words_of_a_table_are_parted(table: Path):
    table.write_text(
        "title,path,labels\n"
        "One,a.mp3,lake; storm\n"
        'Two,b.mp3,"still water,unheard"\n'
        "Three,c.mp3,unheard|of\n"
        "Four,d.mp3,\n"
    )
    read = read_labels(table)
    assert {name: label.words for name, label in read.labels.items()} == {
        "a.mp3": ("lake", "storm"),
        "b.mp3": ("still water", "unheard"),
        "c.mp3": ("unheard", "of"),
        "d.mp3": (),
    }
    assert read.refusals == ()


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_may_be_parted_and_written_as_people_do(table: Path, mark: str):
    rows = ["File,Valence,Arousal,Mood", "a.mp3,0.5,-0.25,calm"]
    table.write_text("\ufeff" + "\n".join(row.replace(",", mark) for row in rows))

    assert read_labels(table).labels == {"a.mp3": Label(("calm",), (0.5, -0.25))}


def test_several_columns_of_words_are_taken_together():
    row = {"moods": "calm", "tags": "piano; slow", "artist": "happy"}

    assert parse_label(row) == Label(("calm", "piano", "slow"))


def test_jamendos_list_is_read_as_it_is(tmp_path: Path):
    table = tmp_path / "autotagging_moodtheme.tsv"
    table.write_text(JAMENDO)

    assert read_labels(table).labels == {
        "50/950.mp3": Label(("mood/theme---dark",)),
        "51/951.mp3": Label(("mood/theme---sad", "mood/theme---film")),
    }


def test_rows_that_cannot_be_used_say_why_and_the_rest_is_taken(table: Path):
    table.write_text(
        "id,valence,arousal,labels\n"
        "1,0.5,-0.25,storm\n"
        "2,,0.1,lake\n"
        "3,high,0,lake\n"
        "4,5,3,\n"
        ",0,0,\n"
        "1,0,0,\n"
        "5,,,lake\n"
        "6,nan,0,\n"
    )
    read = read_labels(table)

    assert read.labels == {"1": Label(("storm",), (0.5, -0.25)), "5": Label(("lake",))}
    assert [refusal.split(": ")[:2] for refusal in read.refusals] == [
        ["labels.csv, line 3", "bad_rating"],
        ["labels.csv, line 4", "bad_rating"],
        ["labels.csv, line 5", "rating_out_of_range"],
        ["labels.csv, line 6", "no_name"],
        ["labels.csv, line 7", "named_twice"],
        ["labels.csv, line 9", "rating_out_of_range"],
    ]
    assert "map your scale to -1 .. 1" in read.refusals[2]


def test_a_refusal_names_the_line_that_its_row_begins_on(table: Path):
    table.write_text(
        "id,labels,valence,arousal\n"
        "\n"
        '1,"calm,\nslow",,\n'
        "\n"
        ",blank and long rows come before,,\n"
        '2,"over\ntwo lines",9,9\n'
    )
    read = read_labels(table)

    assert read.labels == {"1": Label(("calm", "slow"))}
    assert [refusal.split(": ")[0] for refusal in read.refusals] == [
        "labels.csv, line 6",
        "labels.csv, line 7",
    ]


def test_a_table_without_the_columns_or_without_a_table_is_refused(table: Path):
    for header in ("path,genre", "labels,genre", "path,valence", ""):
        table.write_text(f"{header}\n1,2\n")
        assert not has_labels(table)
        with pytest.raises(ConfigError, match="needs a column of file, path"):
            read_labels(table)
    table.write_bytes(b"path,labels\n\xff\xfe,lake\n")
    assert not has_labels(table)
    with pytest.raises(ConfigError, match="bring a CSV file in UTF-8"):
        read_labels(table)
    with pytest.raises(ConfigError, match="can't be read"):
        read_labels(table.with_name("gone.csv"))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("live/a.mp3", "live/a.mp3"),
        ("live/a", "live/a.mp3"),
        ("songs/live/a.mp3", "live/a.mp3"),
        ("a.mp3", "live/a.mp3"),
        ("a", "live/a.mp3"),
        ("50/950.mp3", "50/950.low.mp3"),
        ("noise", "noise"),
    ],
)
def test_a_file_is_found_however_the_table_names_it(name: str, key: str):
    label = Label(("calm",))

    assert find_label({name: label}, "songs", key) == (name, label)


def test_the_full_path_comes_before_the_bare_name():
    labels = {"a.mp3": Label(("bare",)), "live/a.mp3": Label(("full",))}

    assert find_label(labels, "songs", "live/a.mp3") == (
        "live/a.mp3",
        Label(("full",)),
    )
    assert find_label(labels, "songs", "live/b.mp3") is None


def test_hostile_tables_end_in_reasons(table: Path):
    table.write_text(
        'file,moods\n<script>,"<b>x</b>"\n../../etc/passwd,calm\n"\x00",a\n'
    )

    assert set(read_labels(table).labels) >= {"<script>", "../../etc/passwd"}
