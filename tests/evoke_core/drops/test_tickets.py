"""A run finds its drop by the name of its partition alone."""

import json
from dataclasses import replace

import pytest

from evoke_core.drops.drop import drop_of
from evoke_core.drops.tickets import Ticket, find_ticket, read_ticket, write_ticket
from evoke_core.storage.local import LocalStore

DROP = drop_of("drops/set/caf\udce9 ü.mp3", "abc-2")


def test_a_ticket_gives_the_drop_back(store: LocalStore):
    write_ticket(store, DROP, 0)

    assert read_ticket(store, DROP.drop_id) == DROP
    ticket = find_ticket(store, DROP.drop_id)
    assert ticket == Ticket(DROP, seen_at=ticket.seen_at)
    assert ticket.seen_at.endswith("+00:00")


def _rewritten(store: LocalStore, **changes: object) -> Ticket | None:
    write_ticket(store, replace(DROP, size_bytes=7), 0, asked_s=5.0)
    key = f"tickets/{DROP.drop_id}.json"
    told = json.loads(store.read(key)) | changes
    told = {name: value for name, value in told.items() if value is not None}
    store.write(key, json.dumps(told).encode())
    return find_ticket(store, DROP.drop_id)


@pytest.mark.parametrize(("told", "size_bytes"), [(7, 7), (0, 0), (-1, 0), (None, 0)])
def test_a_ticket_tells_the_size_or_none(
    store: LocalStore, told: int | None, size_bytes: int
):
    ticket = _rewritten(store, size_bytes=told)

    assert ticket.drop.size_bytes == size_bytes


@pytest.mark.parametrize("asked_s", [float("nan"), float("inf"), -float("inf")])
def test_a_time_that_is_none_was_long_ago(store: LocalStore, asked_s: float):
    assert _rewritten(store).asked_s == 5.0
    assert _rewritten(store, asked_s=asked_s).asked_s == 0.0


def test_a_ticket_counts_and_keeps_when_the_drop_was_seen_first(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    write_ticket(store, DROP, 0)
    first = find_ticket(store, DROP.drop_id)
    store.write(
        f"tickets/{DROP.drop_id}.json",
        store.read(f"tickets/{DROP.drop_id}.json").replace(
            first.seen_at.encode(), b"2001-01-01T00:00:00+00:00"
        ),
    )
    write_ticket(store, DROP, 2, ask="a1", asked_s=7.5)

    assert find_ticket(store, DROP.drop_id) == Ticket(
        DROP, tries=2, ask="a1", asked_s=7.5, seen_at="2001-01-01T00:00:00+00:00"
    )


def test_no_ticket_is_a_key_error(store: LocalStore):
    with pytest.raises(KeyError, match="nobody"):
        read_ticket(store, "nobody")


@pytest.mark.parametrize(
    "garbage", [b"", b"[]", b"{}", b"\xff", b'{"key": 1}', b"null"]
)
def test_a_damaged_ticket_is_none_and_is_written_anew(
    store: LocalStore, garbage: bytes
):
    store.write(f"tickets/{DROP.drop_id}.json", garbage)

    assert find_ticket(store, DROP.drop_id) is None
    write_ticket(store, DROP, 1)
    assert read_ticket(store, DROP.drop_id) == DROP
