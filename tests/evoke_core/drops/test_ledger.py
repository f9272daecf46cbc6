"""What is done stands in the ledger, under any name, and nothing else does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.drops import ledger
from evoke_core.drops.drop import Drop, drop_of
from evoke_core.drops.tickets import find_ticket, write_ticket
from evoke_core.storage.local import LocalStore
from evoke_core.storage.store import checked_key, digest

ODD = [
    "a", "a/b.mp3", "a//b.mp3", "/a", "a~e1", "~a", "a/.hidden/b", "a/.unfinished-1",
    "x" * 250, "y/" * 300 + "z.mp3", "ü" * 120, "caf\udce9.mp3", "a b+c%2F.mp3", "a/a",
    "😀" * 100,
]  # fmt: skip


def drops(*names: str, etag: str = "e1") -> list[Drop]:
    return [drop_of(f"drops/{name}", etag) for name in names]


@pytest.mark.parametrize("name", ODD)
def test_one_version_of_a_song_of_any_name_is_recorded(store: LocalStore, name: str):
    (drop,) = drops(name)
    (other,) = drops(name, etag="e2")
    ledger.record(store, drop, "board", "boards/x/board.html")

    assert ledger.recorded(store, [drop, other]) == {drop.drop_id}


def test_songs_of_odd_names_do_not_stand_in_each_others_way(store: LocalStore):
    every = drops(*ODD, etag='"W/odd ~ etag') + drops(*ODD)
    for row, drop in enumerate(every):
        assert drop.drop_id not in ledger.recorded(store, every)
        ledger.record(store, drop, "quarantine", "")
        assert len(ledger.recorded(store, every)) == row + 1


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=300),
            st.text(min_size=1, max_size=40),
        ),
        min_size=2,
        max_size=8,
        unique=True,
    )
)
def test_every_version_has_a_safe_place_of_its_own(versions: list[tuple[str, str]]):
    names = [ledger._name(*version) for version in versions]

    assert len(set(names)) == len(names)
    for name in names:
        assert checked_key(f"ledger/settled/{name}")
        assert len(name.encode(errors="surrogatepass")) <= 700
        assert all(
            len(part.encode(errors="surrogatepass")) <= 255 for part in name.split("/")
        )


@pytest.mark.parametrize(
    ("name", "etag", "stands_at"),
    [
        ("a.mp3", "e1", "a.mp3~e1"),
        ("caf\udce9 " * 10 + ".mp3", "e1", "caf\udce9 " * 10 + ".mp3~e1"),
        ("x" * 180, "e1", "x" * 180 + "~e1"),
        ("x" * 181, "e1", f"~{digest('x' * 181)}~e1"),
        ("s/" + "x" * 181, "e1", f"s/~{digest('s/' + 'x' * 181)}~e1"),
        ("s/" * 160 + "x" * 180, "e1", "s/" * 160 + "x" * 180 + "~e1"),
        ("s/" * 160 + "x" * 181, "e1", f"~{digest('s/' * 160 + 'x' * 181)}~e1"),
        ("s/t/" + "x" * 181, "e1", f"s/t/~{digest('s/t/' + 'x' * 181)}~e1"),
        ("s/.t/a.mp3", "e1", f"s/~{digest('s/.t/a.mp3')}~e1"),
        ("a.mp3", "e 1", f"a.mp3~~{digest('e 1')}"),
    ],
)  # fmt: skip
def test_a_place_in_the_ledger_never_changes_or_all_would_be_new(name, etag, stands_at):
    assert ledger._name(name, etag) == stands_at


def test_the_record_says_what_people_want_to_know(store: LocalStore):
    (drop,) = drops("set/song.mp3")
    ledger.record(store, drop, "quarantine", "quarantine/song.json")
    told = json.loads(store.read("ledger/settled/set/song.mp3~e1"))

    assert told.pop("at").endswith("+00:00")
    assert told == {
        "drop_id": drop.drop_id,
        "key": "drops/set/song.mp3",
        "etag": "e1",
        "outcome": "quarantine",
        "where": "quarantine/song.json",
    }


def test_what_was_gone_is_as_new_when_it_comes_back(store: LocalStore):
    (drop,) = drops("song.mp3")
    write_ticket(store, drop, 2, ask="lost", asked_s=5.0)
    ledger.record(store, drop, "gone", "")

    assert ledger.recorded(store, [drop]) == set()
    assert store.exists("ledger/gone/song.mp3~e1")
    ticket = find_ticket(store, drop.drop_id)
    assert (ticket.tries, ticket.ask) == (0, "")


def test_a_page_of_songs_costs_a_page_of_the_ledger(memory):
    every = drops(*(f"{number:04d}.mp3" for number in range(3000)))
    for drop in every:
        ledger.record(memory, drop, "board", "")
    before = memory.operations

    assert len(ledger.recorded(memory, every[1000:2000])) == 1000
    assert memory.operations == before + 1


def test_songs_far_apart_are_asked_for_by_name(memory):
    every = drops(*(f"{number:04d}.mp3" for number in range(3000)))
    for drop in every:
        ledger.record(memory, drop, "board", "")
    before = memory.operations
    new = drops("1500.mp3", etag="e0") + drops("2999.mp3", etag="e2")

    assert ledger.recorded(memory, [every[0], *new, every[-1]]) == {
        every[0].drop_id,
        every[-1].drop_id,
    }
    assert memory.operations <= before + 1 + 3


@pytest.fixture
def three_thousand(memory, monkeypatch):
    """Songs that are recorded, and the entries of the ledger that were read since."""
    every = drops(*(f"{number:04d}.mp3" for number in range(3000)))
    for drop in every:
        ledger.record(memory, drop, "board", "")
    read, listing = [], memory.listing

    def counted(prefix, *, after=""):
        for found in listing(prefix, after=after):
            read.append(found.key)
            yield found

    monkeypatch.setattr(memory, "listing", counted)
    return every, read


def test_of_the_ledger_only_what_lies_between_the_songs_is_read(memory, three_thousand):
    every, read = three_thousand

    assert len(ledger.recorded(memory, every[2990:2995])) == 5
    assert len(read) == 5


def test_a_thousand_entries_are_read_in_vain_and_no_more(memory, three_thousand):
    every, read = three_thousand

    assert len(ledger.recorded(memory, [every[0], every[1500], every[-1]])) == 3
    assert len(read) == 2 * 3 + 1000


def test_a_ledger_that_is_half_of_others_is_still_read_at_once(memory, three_thousand):
    every, _ = three_thousand
    before = memory.operations

    assert len(ledger.recorded(memory, every[:2600:2])) == 1300
    assert memory.operations == before + 1


def test_nothing_is_read_for_no_songs(memory):
    assert ledger.recorded(memory, []) == set()
    assert memory.operations == 0
