"""A host that fails all alike is left alone, probed, and taken back."""

from evoke_core.corpus.download.breaker import CircuitBreaker


def breaker(*, window: int = 4, share: float = 0.5) -> CircuitBreaker:
    return CircuitBreaker(window=window, share=share, pause_s=10.0)


def test_it_opens_when_more_than_the_share_failed_for_one_reason():
    circuit = breaker()
    for reason in ("timeout", None, "timeout"):
        circuit.record(reason, 0.0)
        assert circuit.cause is None  # fewer than the window judge nobody

    circuit.record("timeout", 0.0)

    assert circuit.cause == "timeout"
    assert not circuit.admits(9.9)


def test_failures_of_many_kinds_do_not_open_it():
    circuit = breaker()
    for reason in ("timeout", "not_found", "timeout", "empty_file", "not_found"):
        circuit.record(reason, 0.0)

    assert circuit.cause is None


def test_a_share_of_one_means_all():
    circuit = breaker(share=1.0)
    for reason in ("timeout", None, "timeout", "timeout", "timeout"):
        circuit.record(reason, 0.0)
    assert circuit.cause is None

    circuit.record("timeout", 0.0)

    assert circuit.cause == "timeout"


def test_only_the_latest_outcomes_count():
    circuit = breaker()
    for reason in ("timeout", "timeout", None, None, None, None, "timeout", "timeout"):
        circuit.record(reason, 0.0)

    assert circuit.cause is None


def test_after_the_pause_one_probe_goes_and_decides():
    circuit = breaker()
    for _ in range(4):
        circuit.record("timeout", 0.0)

    assert circuit.admits(10.0)
    assert not circuit.admits(10.1)
    circuit.record("timeout", 11.0)
    assert not circuit.admits(20.5)
    assert circuit.admits(21.0)
    circuit.record(None, 22.0)
    assert circuit.cause is None
    assert circuit.admits(22.0)
    assert circuit.admits(22.0)


def test_an_opt_out_is_no_failure_of_the_host():
    circuit = breaker()
    for _ in range(8):
        circuit.record("opted_out", 0.0)

    assert circuit.cause is None
