"""The benchmark's table: its bars, how rows come into it, and README's copy of it."""

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.benchmarks import embedding, parts, table
from tests.benchmarks.bars import BARS
from tests.benchmarks.row import abba, absent, compare, failed

README = Path(__file__).parents[1] / "README.md"
QUIET = {"cores": 2, "memory_gib": 16.0, "load": 0.1}
PROMISED = {
    "decode_12mp": ("at least", 5), "decode_2mp": ("at least", 2.5),
    "decode_03mp": ("at least", 1), "join_50k": ("at least", 300),
    "join_100k": ("at least", 1), "join_equal": ("at least", 1),
    "pipeline_vs_encoder": ("at least", 0.95),
    "pipeline_vs_clip_retrieval": ("at least", 1.2),
    "refresh_noop": ("at most", 0.02), "refresh_1pct": ("at most", 0.05),
    "drop_batch": ("at most", 0.2), "compose_share": ("at most", 0.1),
    "slider_frame": ("at most", 1), "requery_100k": ("at least", 3),
    "rss_60min": ("at most", 1.1), "muq_4min": ("at most", 1),
}  # fmt: skip


def kept(*rows):
    return table.measured(rows, QUIET, 12.0)


def whole():
    return kept(*(compare(name, [1.0], [2.0], "made up") for name in BARS))


def test_the_bars_are_those_that_were_promised():
    promised = {name: bar for name, bar in BARS.items() if bar.asked_for}
    assert {n: (bar.bound, bar.value) for n, bar in promised.items()} == PROMISED


def test_every_bar_is_measured_by_one_part():
    measured = [name for part in parts.PARTS.values() for name in part.rows]
    assert sorted(measured) == sorted(BARS)


def test_the_whole_takes_no_longer_than_25_minutes_by_its_own_word():
    assert sum(part.minutes for part in parts.PARTS.values()) <= 25


def test_faster_counts_against_the_peer_and_a_share_counts_of_it():
    faster = compare("join_100k", [1.0, 2.0, 3.0], [4.0, 8.0, 6.0], "")
    assert (faster.ours, faster.peer, faster.ratio) == (2, 6, 3)
    assert (faster.low, faster.high) == (2, 4)  # 4 / 1, 8 / 2, 6 / 3
    share = compare("refresh_1pct", [1.0, 3.0], [50.0], "")
    assert (share.ratio, share.low, share.high) == (0.04, 0.02, 0.06)
    assert faster.holds
    assert share.holds


def test_a_bar_does_not_hold_by_another_answer():
    assert not compare("join_100k", [1.0], [9.0], "OTHER PAIRS", same=False).holds


def test_neither_an_absent_peer_nor_a_failure_holds():
    rows = absent("join_100k", [1.0], "install it"), failed("join_50k", "no memory")
    assert [row.verdict for row in rows] == ["peer absent", "failed"]
    assert not any(row.holds for row in rows)
    assert rows[0].said == "peer absent; install it"
    assert rows[1].said == "failed: no memory"


def test_two_ways_take_turns_so_that_drift_favours_neither():
    turns = []
    seconds = abba(lambda: turns.append("a"), lambda: turns.append("b"), rounds=2)
    assert "".join(turns) == "abbaabba"
    assert list(map(len, seconds)) == [4, 4]


def test_parts_are_chosen_by_their_name_or_by_a_row():
    assert parts.parts_of([]) == tuple(parts.PARTS)
    assert parts.parts_of(["join_equal", "requery"]) == ("join", "requery")
    with pytest.raises(ValueError, match="no part or row is called jion; take any of"):
        parts.parts_of(["jion"])


def test_a_part_that_breaks_says_why_in_each_of_its_rows(monkeypatch, tmp_path):
    # A module that measures nothing: the process ends with an error.
    part = parts.Part(("decode_12mp", "decode_2mp"), 1)
    monkeypatch.setattr(parts, "PARTS", {"generated": part})
    rows = parts.run_part("generated", tmp_path)
    assert [row.name for row in rows] == ["decode_12mp", "decode_2mp"]
    assert all(row.verdict == "failed" for row in rows)
    assert "AttributeError" in rows[0].said


def test_a_part_that_takes_too_long_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(parts, "_PATIENCE", 0)
    [row] = parts.run_part("drops", tmp_path)
    assert row.said == "failed: it took longer than 0 minutes"


def test_rows_that_were_measured_before_a_part_broke_are_kept(monkeypatch, tmp_path):
    first = compare("requery_100k", [1.0], [5.0], "")

    def break_after_one(name, handed, home):
        handed.write_text(json.dumps(asdict(first)) + "\n")
        return "killed by SIGKILL"

    monkeypatch.setattr(parts, "_ended", break_after_one)
    again, lost = parts.run_part("requery", tmp_path)
    assert again == first
    assert lost.said == "failed: killed by SIGKILL"


def test_a_part_sees_neither_the_users_store_nor_the_profile(monkeypatch, tmp_path):
    for name in ("STORE", "MILVUS_URI", "PROFILE", "IMAGES", "PEERS"):
        monkeypatch.setenv(f"EVOKE_{name}", "the user's")
    seen = parts._environment(tmp_path)
    ours = {name: value for name, value in seen.items() if name.startswith("EVOKE_")}
    assert ours == {"EVOKE_PEERS": "the user's", "EVOKE_HOME": str(tmp_path)}


def test_new_rows_take_the_place_of_older_ones_in_the_order_of_the_bars(tmp_path):
    path = tmp_path / "home" / "bench.json"
    assert table.read(path) == []
    older = kept(absent("join_50k", [], ""), compare("decode_12mp", [1.0], [6.0], ""))
    table.write(path, table.merge([], older))
    newer = kept(compare("join_50k", [1.0], [400.0], ""))
    merged = table.merge(table.read(path), newer)
    assert [row["name"] for row in merged] == ["decode_12mp", "join_50k"]
    assert merged[1]["verdict"] == "holds"
    assert len(table.missing(merged)) == len(BARS) - 2


def test_every_row_names_when_and_where_it_was_measured():
    [row] = kept(failed("join_50k", "no memory"))
    assert row["machine"] == QUIET
    assert row["measured_at"].endswith("+00:00")
    assert row["ratio"] is None
    assert math.isnan(failed("join_50k", "").ratio)


def test_a_text_cannot_break_the_tables_cells():
    text = table.as_markdown(kept(failed("join_50k", "a|b")))
    assert text.splitlines()[2].count("|") == text.splitlines()[0].count("|")


def test_only_what_lies_between_the_marks_of_readme_is_written():
    readme = f"top\n{table.BEGIN}\nan older table\n{table.END}\nbottom\n"
    written = table.in_readme(readme, whole())
    assert written.startswith(f"top\n{table.BEGIN}\n| row |")
    assert written.endswith(f"{table.END}\nbottom\n")
    assert "an older table" not in written
    assert table.in_readme(written, whole()) == written


@pytest.mark.parametrize("readme", ["", table.BEGIN, f"{table.END}{table.BEGIN}"])
def test_a_readme_without_marks_is_left_alone(readme):
    with pytest.raises(ValueError, match="put <!-- bench -->"):
        table.in_readme(readme, whole())


def test_readme_shows_the_table_that_is_kept():
    rows = table.read(table.KEPT)
    if not rows:
        pytest.skip("no whole run is kept yet: make bench, then --readme")
    readme = README.read_text(encoding="utf-8")
    assert table.in_readme(readme, rows) == readme


def test_what_is_kept_is_a_whole_run_whose_verdicts_follow_from_its_figures():
    rows = table.read(table.KEPT)
    if not rows:
        pytest.skip("no whole run is kept yet: make bench, then --readme")
    assert [row["name"] for row in rows] == list(BARS)
    for row in rows:
        bar = BARS[row["name"]]
        assert row["bar"] == bar.value
        if row["verdict"] in ("peer absent", "failed"):
            assert row["ratio"] is None
            continue
        above, below = row["ratio"] >= bar.value, row["ratio"] <= bar.value
        if row["verdict"] == "holds":
            assert above if bar.bound == "at least" else below
        assert row["low"] <= row["ratio"] <= row["high"]  # true of any medians


def peer_that(says, monkeypatch, folder):
    """Stand a script in for clip-retrieval's."""
    (folder / "clip_retrieval_peer.py").write_text(f"import sys\n{says}\n")
    monkeypatch.setattr(embedding, "__file__", str(folder / "embedding.py"))
    return embedding._peer_process([sys.executable, "weights", "store"])


def test_a_peer_in_a_process_of_its_own_runs_once_for_every_question(
    monkeypatch, tmp_path
):
    counts = (
        "for line in sys.stdin: print('half', flush=True); print('done', flush=True)"
    )
    with peer_that(counts, monkeypatch, tmp_path) as run_peer:
        run_peer()
        run_peer()


def test_a_peer_that_dies_says_its_last_words(monkeypatch, tmp_path):
    dies = "sys.stdin.readline(); sys.exit('no weights')"
    with (
        peer_that(dies, monkeypatch, tmp_path) as run_peer,
        pytest.raises(RuntimeError, match="no weights"),
    ):
        run_peer()
