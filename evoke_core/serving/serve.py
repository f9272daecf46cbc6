"""Turn dropped songs into stored boards; a bad one is set aside with its reason.

A drop ends as a board, as a quarantine record, or as gone, and the ledger says which,
last of all. Every step before can be done again, so a run that was killed anywhere is
mended by the next run of the same drop.

Not here: how an end is told (served), where songs lie (quarantine), which drops are due
(drops.tick).
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath

from evoke_core.boards.board import Song
from evoke_core.boards.compose import Board, compose_board
from evoke_core.boards.desk import Desk
from evoke_core.boards.shelf import read_board, shelve
from evoke_core.config.drops import DropRules
from evoke_core.corpus.listed import storable
from evoke_core.drops import ledger
from evoke_core.drops.drop import QUARANTINE, SOURCE, Drop, title_from_key
from evoke_core.errors import (
    ConfigError,
    IndexUnavailable,
    ReleaseMissing,
    TrackRefused,
    WeightsMissing,
)
from evoke_core.music.encode import BatchedMusicEncoder
from evoke_core.music.together import hear_together
from evoke_core.serving import quarantine
from evoke_core.serving.linked import fetch_linked
from evoke_core.serving.patience import Patience, is_transient
from evoke_core.serving.served import Served
from evoke_core.serving.sidecars import keep_lyrics, options_of

_LOG = logging.getLogger(__name__)
TAGS = {"evoke": "board"}  # of a song whose board is stored, where songs are tagged
# No drop of the burst can be served; they stay due.
_ENDS_THE_RUN = (ConfigError, IndexUnavailable, ReleaseMissing, WeightsMissing)


def serve_drops(
    drops: Iterable[Drop],
    desk: Desk,
    *,
    afresh: Callable[[Drop], bool],
    rules: DropRules | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Served]:
    """Compose and store a board for each drop, in order.

    Args:
        drops: What to serve; each is its own unit of success.
        desk: What boards are made with.
        afresh: Says whether a drop that has a board, or lies in quarantine, is to be
            served again.
        rules: What becomes of the songs; the profile's if absent.
        sleep: Waits so many seconds between tries.

    Yields:
        One result a drop, as it ends.

    Raises:
        EvokeError: Nothing can be served (no index, a wrong configuration).
        Exception: The store stayed away for longer than the rules wait.
    """
    rules = rules or desk.run_profile.drops
    _require_possible(rules, desk)
    burst = _Burst(desk, afresh, rules, Patience(rules.patience, sleep))
    due = list(drops)
    burst.hear_together(due)
    for drop in due:
        served = burst.serve(drop)
        yield served
        # Only now: whoever takes results has put this one on record before it asks on.
        burst.record(served)


def is_of_release(desk: Desk, drop: Drop) -> bool:
    """Say whether a drop's stored board was made from the present release."""
    try:
        stored = read_board(desk.store, drop.drop_id)
        made_from = stored and stored["release"]["release_id"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return False  # a torn document is made again
    return bool(made_from == desk.release.release_id)


def _require_possible(rules: DropRules, desk: Desk) -> None:
    if rules.after == "tag" and not desk.store.uri.startswith("s3:"):
        raise ConfigError(
            f"drops.after is tag, and {desk.store.uri} is a folder, whose files have "
            "no tags; say keep or move in the profile"
        )


@dataclass(frozen=True, slots=True)
class _Burst:
    desk: Desk
    afresh: Callable[[Drop], bool]
    rules: DropRules
    patience: Patience

    def hear_together(self, drops: Iterable[Drop]) -> None:
        """Let the songs of a burst share a large model's batches.

        What is heard is kept in the store, where composing finds it. What fails here
        fails again where its board is composed, and there alone.
        """
        encoder, store = self.desk.encoder, self.desk.store
        if not isinstance(encoder, BatchedMusicEncoder):
            return
        try:
            songs = [
                partial(self._read, drop)
                for drop in drops
                if not _is_linked(drop)
                and self._is_due(drop, has_board=self._has_board(drop))
            ]
            if len(songs) > 1:
                rules = self.desk.run_profile.audio
                deque(hear_together(songs, encoder, rules, store), maxlen=0)
        except Exception:  # noqa: BLE001 (nothing is lost but the time it would save)
            _LOG.exception("songs are heard one by one")

    def serve(self, drop: Drop) -> Served:
        """Serve a drop; an error of ours is a result too, unless it is everybody's."""
        try:
            return self.patience.insist(partial(self._serve, drop))
        except _ENDS_THE_RUN:
            raise
        except Exception as wrong:
            if is_transient(wrong) and self.patience.is_spent:
                raise
            name = type(wrong).__name__
            return Served(
                drop, "broken", reason=name, message=f"{name}: {wrong}", error=wrong
            )

    def _serve(self, drop: Drop) -> Served:
        has_board = self._has_board(drop)
        if not self._is_due(drop, has_board=has_board):
            return self._stands(drop) if has_board else self._lies_aside(drop)
        started = time.monotonic()
        found: quarantine.Found | None = None
        try:
            found = self._find(drop)
            if found is None:
                return self._stands(drop) if has_board else self._gone(drop)
            read = time.monotonic()
            board = self._compose(drop, found)
        except TrackRefused as refusal:
            if not has_board:
                return self._set_aside(drop, found, refusal)
            message = f"{refusal}; the board from before stays"
            return Served(drop, "refused", reason=refusal.reason, message=message)
        composed = time.monotonic()
        page, notes = self._keep(drop, found, board)
        stored = time.monotonic()
        return Served(
            drop,
            "board",
            page,
            notes=(*board.document["notes"], *notes),
            spent={
                "reading": read - started,
                "composing": composed - read,
                "storing": stored - composed,
            },
            document=board.document,
            settled=("board", page),
        )

    def record(self, served: Served) -> None:
        """Write into the ledger how a drop ended, after it was told."""
        if served.settled is not None:
            entry = (self.desk.store, served.drop, *served.settled)
            self.patience.insist(partial(ledger.record, *entry))

    def _has_board(self, drop: Drop) -> bool:
        return self.desk.store.exists(f"boards/{drop.drop_id}/board.json")

    def _is_due(self, drop: Drop, *, has_board: bool) -> bool:
        stands = has_board or quarantine.is_aside(self.desk.store, drop)
        return not stands or self.afresh(drop)

    def _read(self, drop: Drop) -> bytes:
        found = self._find(drop)
        if found is None:
            raise TrackRefused("gone", f"{drop.key} has gone")
        return found.audio

    def _find(self, drop: Drop) -> quarantine.Found | None:
        store, most = self.desk.store, self.rules.max_bytes
        try:
            return quarantine.find_audio(store, drop, max_bytes=most)
        except KeyError:
            return None

    def _compose(self, drop: Drop, found: quarantine.Found) -> Board:
        options = options_of(self.desk.store, drop)
        audio, title = found.audio, title_from_key(drop.source_key)
        audio_key: str | None = self._audio_key(drop, found)
        if _is_linked(drop):
            given = (found.audio, drop.source_key, self.rules.links)
            linked = self.patience.insist(partial(fetch_linked, *given))
            # It is the link that was dropped; the song stays where it is published.
            audio, title, audio_key = linked.audio, linked.title, None
        names = storable(drop.source_key), storable(title)
        song = Song(drop.drop_id, SOURCE, *names, audio_key)
        return compose_board(song, audio, self.desk, options)

    def _audio_key(self, drop: Drop, found: quarantine.Found) -> str:
        stays = found.key == drop.key and self.rules.after != "move"
        return drop.key if stays else quarantine.done_key(drop)

    def _keep(
        self, drop: Drop, found: quarantine.Found, board: Board
    ) -> tuple[str, list[str]]:
        """Store a board, then clear up; the song is where the board links it first."""
        store = self.desk.store
        if self._audio_key(drop, found) != drop.key:
            quarantine.keep_done(store, drop, found)
        note = keep_lyrics(store, drop)
        page = shelve(store, board)
        self._settle(drop)
        return page, [note] if note else []

    def _settle(self, drop: Drop) -> None:
        """Bring what lies around a stored board to its end."""
        store = self.desk.store
        if self.rules.after == "move" and store.exists(quarantine.done_key(drop)):
            quarantine.clear_dropped(store, drop)
        if self.rules.after == "tag" and store.etag(drop.key) == drop.etag:
            with suppress(KeyError):  # deleted meanwhile
                store.tag(drop.key, TAGS)
        quarantine.clear_aside(store, drop)

    def _stands(self, drop: Drop) -> Served:
        page = f"boards/{drop.drop_id}/board.html"
        self._settle(drop)
        return Served(drop, "board", page, settled=("board", page))

    def _set_aside(
        self, drop: Drop, found: quarantine.Found | None, refusal: TrackRefused
    ) -> Served:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        # What wasn't read stays where it lies.
        audio = None if found is None else found.audio
        quarantine.set_aside(self.desk.store, drop, audio, refusal, at=now)
        return self._lies_aside(drop)

    def _lies_aside(self, drop: Drop) -> Served:
        why = quarantine.read_record(self.desk.store, drop)
        quarantine.clear_copied(self.desk.store, drop)
        where = f"{QUARANTINE}{drop.drop_id}.json"
        return Served(
            drop,
            "refused",
            reason=why["reason"],
            message=why["message"],
            settled=("quarantine", where),
        )

    def _gone(self, drop: Drop) -> Served:
        message = f"{drop.key}: this version was deleted or overwritten before its run"
        gone: tuple[ledger.Outcome, str] = ("gone", "")
        return Served(drop, "gone", reason="gone", message=message, settled=gone)


def _is_linked(drop: Drop) -> bool:
    return PurePosixPath(drop.key).suffix.lower() == ".url"
