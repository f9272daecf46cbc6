"""Runs over just the partitions that are wanted."""

from evoke_pipelines.partitions import one_run_over, runs_over

ORDER = ["a", "b", "c", "d", "e"]


def test_neighbours_share_a_run_and_strangers_are_in_none():
    assert runs_over(["e", "b", "a"], ORDER) == [
        one_run_over(["a", "b"]),
        one_run_over(["e"]),
    ]
    assert runs_over(ORDER, ORDER) == [one_run_over(ORDER)]
    assert runs_over([], ORDER) == []
