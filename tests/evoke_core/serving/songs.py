"""Dropping songs, serving them, and what is left of it in the store."""

import json

from evoke_core.config.drops import DropRules
from evoke_core.drops.drop import drop_of

MOVE = DropRules(after="move")


def drop(store, name, audio):
    store.write(f"drops/{name}", audio)
    return drop_of(f"drops/{name}", store.etag(f"drops/{name}"))


def served(serve, drops, desk, *, afresh=False, rules=None, waits=None):
    sleep = (waits if waits is not None else []).append
    ends = serve.serve_drops(
        drops, desk, afresh=lambda _: afresh, rules=rules, sleep=sleep
    )
    return list(ends)


def document(store, song):
    return json.loads(store.read(f"boards/{song.drop_id}/board.json"))


def linked_audio(store, song):
    """Follow the link of a board to the bytes of its song."""
    link = document(store, song)["track"]["audio"]
    return store.read(link.removeprefix("../../").replace("%20", " "))


def keys(store, prefix):
    return [found.key for found in store.listing(prefix)]


def outcome(store, song):
    """Read what the ledger says of a song that was dropped alone."""
    (key,) = keys(store, "ledger/")
    entry = json.loads(store.read(key))
    assert entry["drop_id"] == song.drop_id
    return entry["outcome"], entry["where"]
