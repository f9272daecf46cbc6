"""Get pictures from the web and from buckets into the store: which row goes when.

A download may be stopped anywhere and begun again: the store holds whole pictures only,
and what it holds is not fetched again. What happens to one row lives in `rows`.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from evoke_core.config.profile import DownloadRules
from evoke_core.corpus.download.buckets import open_buckets
from evoke_core.corpus.download.outcome import Outcome, Wanted
from evoke_core.storage.store import Store
from evoke_core.workers import with_progress

_Stop = tuple[asyncio.AbstractEventLoop, Callable[[], object]]
_Fetch = Callable[[Wanted, str], Coroutine[None, None, Outcome]]

_WRITERS = 8  # threads; a put into a bucket takes about as long as a small transfer
_MOST_SHARDS = 32  # beyond, one listing of the whole folder is cheaper


def download_pictures(
    wanted: Sequence[Wanted],
    rules: DownloadRules,
    store: Store,
    *,
    folder: str,
    report: Callable[[int, int], None],
) -> Iterator[Outcome]:
    """Fetch the pictures that are not in the store yet.

    The work goes on in a thread of its own while outcomes are taken, so this may be
    called from any thread; closing the iterator ends it.

    Args:
        wanted: In any order; hosts are asked side by side.
        rules: Limits, and how patient we are.
        store: A picture goes to `{folder}/{first two of image_id}/{image_id}` in one
            write, after it was checked.
        folder: Names collection and release: what lies there under a picture's id is
            that picture.
        report: Is told (done, total) now and then.

    Yields:
        Exactly one outcome for each wanted: those that were there, then the others as
        they are done.

    Raises:
        Exception: Whatever the store raises; a full disk is no fault of a picture.
    """
    with closing(_outcomes(wanted, rules, store, folder)) as outcomes:
        yield from with_progress(outcomes, total=len(wanted), report=report)


def picture_key(folder: str, image_id: str) -> str:
    """Return where a picture goes in the store."""
    return f"{folder}/{image_id[:2]}/{image_id}"


def _outcomes(
    wanted: Sequence[Wanted], rules: DownloadRules, store: Store, folder: str
) -> Generator[Outcome, None, None]:
    there = _list_stored(wanted, store, folder)
    missing = []
    for one in wanted:
        key = picture_key(folder, one.image_id)
        if key in there:
            yield Outcome(one.image_id, "stored", key=key, size_bytes=there[key])
        else:
            missing.append(one)
    if missing:
        with closing(_Download(rules, store, folder).run(missing)) as fetched:
            yield from fetched


def _list_stored(wanted: Sequence[Wanted], store: Store, folder: str) -> dict[str, int]:
    shards = sorted({f"{folder}/{one.image_id[:2]}/" for one in wanted})
    prefixes = shards if len(shards) <= _MOST_SHARDS else [f"{folder}/"]
    return {
        found.key: found.size_bytes
        for prefix in prefixes
        for found in store.listing(prefix)
    }


@dataclass(frozen=True, slots=True)
class _Download:
    """The event loop in its thread, and what it shares with the caller's.

    `_inbox` carries outcomes to the caller, None after the last; `_started` is what it
    takes to stop the loop from outside.
    """

    rules: DownloadRules
    store: Store
    folder: str
    _inbox: SimpleQueue[Outcome | None] = field(default_factory=SimpleQueue)
    _started: Future[_Stop] = field(default_factory=Future)

    def run(self, missing: Sequence[Wanted]) -> Generator[Outcome, None, None]:
        """Yield outcomes while the thread works; end it where nobody listens."""
        with ThreadPoolExecutor(1, thread_name_prefix="download") as thread:
            running = thread.submit(lambda: asyncio.run(self._main(missing)))
            running.add_done_callback(lambda _: self._inbox.put(None))
            try:
                while (outcome := self._inbox.get()) is not None:
                    yield outcome
                running.result()
            finally:
                begun_or_failed: list[Future[Any]] = [self._started, running]
                wait(begun_or_failed, return_when=FIRST_COMPLETED)
                if not running.done():
                    loop, stop = self._started.result()
                    # It may end by itself at this very moment.
                    with suppress(RuntimeError):
                        loop.call_soon_threadsafe(stop)

    async def _main(self, missing: Sequence[Wanted]) -> None:
        work = asyncio.create_task(self._fetch_all(missing))
        self._started.set_result((asyncio.get_running_loop(), work.cancel))
        await work

    async def _fetch_all(self, missing: Sequence[Wanted]) -> None:
        """Give each host its own queue, so that a slow one holds up nobody else."""
        from evoke_core.corpus.download.connection import Hosts
        from evoke_core.corpus.download.rows import RowFetcher

        buckets = open_buckets(place for one in missing for place in one.addresses)
        hosts = Hosts(self.rules)
        with ThreadPoolExecutor(_WRITERS, thread_name_prefix="store") as writers:
            fetcher = RowFetcher(hosts, buckets, self.store, writers)
            tasks = [
                asyncio.create_task(self._work_off(queue, fetcher.fetch))
                for queue in _by_host(missing)
                for _ in range(min(self.rules.per_host, len(queue)))
            ]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await hosts.aclose()

    async def _work_off(self, queue: deque[Wanted], fetch: _Fetch) -> None:
        while queue:
            one = queue.popleft()
            self._inbox.put(await fetch(one, picture_key(self.folder, one.image_id)))


def _by_host(missing: Sequence[Wanted]) -> list[deque[Wanted]]:
    queues: dict[str, deque[Wanted]] = defaultdict(deque)
    for one in missing:
        queues[_host_of(one.addresses[0]) if one.addresses else ""].append(one)
    return list(queues.values())


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:  # what is wrong with it is said when its turn comes
        return ""
