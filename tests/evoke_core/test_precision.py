import json

import numpy as np
import pytest

from evoke_core.precision import agreement, best_seconds, measured_once

FINDING = {"cosine": 0.5}


def never():
    pytest.fail("measured again")


def test_a_finding_is_measured_once_and_read_from_then_on(tmp_path):
    record = tmp_path / "record.json"
    assert measured_once(record, "a", "cpu", measure=lambda: FINDING) == FINDING
    assert measured_once(record, "a", "cpu", measure=never) == FINDING
    assert list(tmp_path.iterdir()) == [record]


def test_other_weights_are_measured_anew_and_the_first_finding_stays(tmp_path):
    record = tmp_path / "record.json"
    measured_once(record, "a", "cpu", measure=lambda: FINDING)
    other = measured_once(record, "b", "cpu", measure=lambda: {"cosine": 0.25})
    assert other == {"cosine": 0.25}
    assert measured_once(record, "a", "cpu", measure=never) == FINDING
    assert len(json.loads(record.read_text())) == 2


def test_what_another_found_out_meanwhile_stays(tmp_path):
    record = tmp_path / "record.json"

    def measure_slowly():
        measured_once(record, "b", "cpu", measure=lambda: {"cosine": 0.25})
        return FINDING

    assert measured_once(record, "a", "cpu", measure=measure_slowly) == FINDING
    assert measured_once(record, "b", "cpu", measure=never) == {"cosine": 0.25}


def test_of_two_that_measure_the_same_at_once_the_first_is_believed_by_both(tmp_path):
    record = tmp_path / "record.json"

    def measure_slowly():
        measured_once(record, "a", "cpu", measure=lambda: FINDING)
        return {"cosine": 0.25}

    assert measured_once(record, "a", "cpu", measure=measure_slowly) == FINDING
    assert measured_once(record, "a", "cpu", measure=never) == FINDING


@pytest.mark.parametrize("damage", ["", "{", "[1]"])
def test_a_damaged_record_is_measured_anew_and_said(tmp_path, caplog, damage):
    record = tmp_path / "record.json"
    record.write_text(damage)
    assert measured_once(record, "a", "cpu", measure=lambda: FINDING) == FINDING
    assert "measured anew" in caplog.text


def test_a_shared_part_hides_a_disagreement_from_plain_cosines_only():
    shared, own, other = np.diag([100.0, 1.0, 1.0])
    expected = np.stack([shared + own, shared - own]).astype(np.float32)
    turned = np.stack([shared + other, shared - other]).astype(np.float32)
    cosine, centred = agreement(turned, expected)
    assert cosine == pytest.approx(10_000 / 10_001, abs=1e-6)
    assert centred == pytest.approx(0.0, abs=1e-6)
    assert agreement(expected, expected) == pytest.approx((1.0, 1.0))


def test_the_shortest_run_counts():
    calls = []
    assert best_seconds(lambda: calls.append(None), 3) >= 0
    assert len(calls) == 3
