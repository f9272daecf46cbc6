"""A run finds its drop by the name of its partition alone."""

import pytest

from evoke_core.drops.drop import drop_of
from evoke_core.drops.tickets import Ticket, find_ticket, read_ticket, write_ticket
from evoke_core.storage.local import LocalStore

DROP = drop_of("drops/set/caf\udce9 ü.mp3", "abc-2")


def test_a_ticket_gives_the_drop_back(store: LocalStore):
    write_ticket(store, DROP, 0)

    assert read_ticket(store, DROP.drop_id) == DROP


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
