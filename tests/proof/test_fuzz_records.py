"""Records and messages read back spoiled: notices, tickets, cursors, releases."""

import json
from dataclasses import asdict
from pathlib import Path

from evoke_core.boards.shelf import hang_gallery
from evoke_core.drops.drop import drop_of
from evoke_core.drops.notices import read_notice
from evoke_core.drops.sweep import LONGEST_KEY, NAMED, Sweep, dump_sweep, load_sweep
from evoke_core.drops.tick import TickRules, take_tick
from evoke_core.drops.tickets import find_ticket, write_ticket
from evoke_core.errors import ReleaseMissing
from evoke_core.release import (
    CURRENT,
    read_previous_release,
    read_release,
    read_release_or_none,
)
from evoke_core.storage.local import LocalStore
from tests.evoke_core.test_release import FIRST
from tests.proof.fuzz import Raw, as_json, examples, hold, mutated, odd_json

URI = "s3://music/some/prefix"
NOTICE = {
    "Records": [
        {
            "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": {"name": "music"},
                "object": {"key": "some/prefix/drops/a.mp3", "size": 7, "eTag": "d4"},
            },
        }
    ]
}
ENVELOPE = {"Type": "Notification", "Message": json.dumps(NOTICE)}
DROP = drop_of("drops/set/a.mp3", "abc-2")
DEEP = b"[" * 100_000


def spoiled(document: object):
    return mutated([as_json(document), Raw(DEEP)]) | odd_json(document).map(as_json)


@examples(150, 3000)
def test_a_message_is_a_notice_or_has_a_reason(most: int) -> None:
    def claim(raw: bytes) -> None:
        notice = read_notice(raw.decode("utf-8", "replace"), "r", URI)
        for song in notice.songs:
            assert song.key.startswith("drops/")
            song.key.encode()  # else no request for it could be sent
            song.etag.encode("ascii")
        assert len(notice.reason or "") < 300

    hold(claim, spoiled(NOTICE) | spoiled(ENVELOPE), most=most)


@examples(100, 2000)
def test_a_ticket_is_read_or_is_none(tmp_path: Path, most: int) -> None:
    store = LocalStore(tmp_path)
    write_ticket(store, DROP, 1, ask="a", asked_s=7.5)
    key = f"tickets/{DROP.drop_id}.json"
    good = json.loads(store.read(key))
    song = "drops/set/a.mp3"
    store.write(song, b"sound")

    def claim(raw: bytes) -> None:
        store.write(key, raw)
        ticket = find_ticket(store, DROP.drop_id)
        if ticket is not None:
            assert ticket.drop.drop_id == DROP.drop_id
            assert ticket.drop.key == f"drops/{ticket.drop.source_key}"
        # A tick that meets it goes on.
        here = drop_of(song, str(store.etag(song)))
        store.write(f"tickets/{here.drop_id}.json", raw.replace(
            DROP.drop_id.encode(), here.drop_id.encode()))  # fmt: skip
        take_tick(
            store, Sweep(), launched=lambda names: names, now_s=4e9, rules=TickRules()
        )

    hold(claim, spoiled(good), most=most)


@examples(100, 2000)
def test_a_cursor_is_read_or_is_a_walk_from_the_start(most: int) -> None:
    good = json.loads(dump_sweep(Sweep("drops/ä.mp3", 3, 1, 0, 2, ("a-1",), 4)))

    def claim(raw: bytes) -> None:
        sweep = load_sweep(raw.decode("utf-8", "replace"))
        assert len(sweep.after.encode(errors="surrogatepass")) <= LONGEST_KEY
        assert len(sweep.named) <= NAMED
        assert load_sweep(dump_sweep(sweep)) == sweep

    hold(claim, spoiled(good), most=most)


@examples(120, 2000)
def test_a_release_is_read_or_missing_with_a_remedy(tmp_path: Path, most: int) -> None:
    store = LocalStore(tmp_path)
    file = json.loads(json.dumps(asdict(FIRST)))
    file["previous"] = dict(file)

    def claim(raw: bytes) -> None:
        store.write(CURRENT, raw)
        for read in (read_release, read_release_or_none, read_previous_release):
            try:
                release = read(store)
            except ReleaseMissing:
                continue
            assert release is None or release.release_id

    hold(claim, spoiled(file), most=most)


def test_what_is_not_ours_among_boards_leaves_the_gallery_whole(tmp_path) -> None:
    store = LocalStore(tmp_path)
    for number, raw in enumerate((b"", DEEP, b"\xff", b"3", b"{}", b'{"track": 3}')):
        store.write(f"boards/b{number}/board.json", raw)
    store.write("boards/cards.json", DEEP)

    assert store.exists(hang_gallery(store))
