"""A few of the faults of `python -m tests.proof`, from source to board."""

from tests.proof.faults import points_of
from tests.proof.prove import prove


def test_whatever_breaks_once_a_second_run_ends_as_if_nothing_had(tmp_path) -> None:
    outcomes = list(prove(tmp_path, most_per_asset=2, every=6))
    assert [outcome for outcome in outcomes if outcome.differs] == []
    assert {"failed", "killed"} <= {outcome.first for outcome in outcomes}


def test_points_cover_every_boundary_before_one_comes_twice() -> None:
    points = points_of({"os.replace": 9, "pathlib:Path.read_bytes": 40}, most=6)
    assert len(set(points)) == 6
    assert {point.boundary for point in points[:2]} == {
        "os.replace",
        "pathlib:Path.read_bytes",
    }
