"""One row: its addresses in turn, each with its tries, until a picture is stored.

What one try does lives in `request`; which rows go when, in `download`.
"""

import asyncio
import base64
import hashlib
import random
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from evoke_core.corpus.download.buckets import SCHEME, Buckets
from evoke_core.corpus.download.connection import Host, Hosts
from evoke_core.corpus.download.guard import Place, place_of
from evoke_core.corpus.download.outcome import Outcome, Wanted
from evoke_core.corpus.download.reasons import TRANSIENT
from evoke_core.corpus.download.request import Keep, request_picture
from evoke_core.errors import PictureRefused
from evoke_core.storage.store import Store


@dataclass(frozen=True, slots=True)
class RowFetcher:
    """Fetches rows.

    Args:
        hosts: Turns at hosts, and the rules.
        buckets: None where no row has an s3 address.
        store: Where pictures go.
        writers: Threads that the store is written in.
    """

    hosts: Hosts
    buckets: Buckets | None
    store: Store
    writers: Executor

    async def fetch(self, wanted: Wanted, key: str) -> Outcome:
        """Try the addresses in turn, and put the picture under a key of the store.

        A picture whose host opts out is not sought elsewhere.
        """
        refusals: list[PictureRefused] = []
        address = None
        for address in wanted.addresses:
            is_last = len(refusals) + 1 == len(wanted.addresses)
            keep = self._keeper(key, wanted.md5 if is_last else None, address)
            got = await self._from_address(address, wanted.image_id, keep)
            if isinstance(got, int):
                return Outcome(
                    wanted.image_id, "stored", address=address, key=key, size_bytes=got
                )
            refusals.append(got)
            if got.reason == "opted_out":
                break
        return _failed(wanted.image_id, address, refusals)

    async def _from_address(
        self, address: str, image_id: str, keep: Keep
    ) -> int | PictureRefused:
        """Return the size of what was stored, or why nothing was."""
        try:
            place = self._place_of(address)
        except PictureRefused as refused:
            return refused
        host = self.hosts.of(place)
        if not host.breaker.admits(time.monotonic()):
            return _circuit_open(place, host)
        try:
            size_bytes = await self._with_retries(place, image_id, keep)
        except PictureRefused as refused:
            host.breaker.record(refused.reason, time.monotonic())
            return refused
        host.breaker.record(None, time.monotonic())
        return size_bytes

    async def _with_retries(self, place: Place, image_id: str, keep: Keep) -> int:
        """Try again what can pass, after exponential backoff with full jitter.

        Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog.
        """
        rules, host = self.hosts.rules, self.hosts.of(place)
        jitter = random.Random(f"{rules.seed} {image_id} {place.shown}")  # noqa: S311
        for attempt in range(rules.attempts - 1):
            try:
                return await request_picture(place, self.hosts, keep)
            except PictureRefused as refused:
                # A host that is left alone is not asked again, nor is a probe repeated.
                if refused.reason not in TRANSIENT or host.breaker.cause is not None:
                    raise
            longest_s = min(rules.max_backoff_s, rules.backoff_s * 2**attempt)
            await asyncio.sleep(jitter.uniform(0.0, longest_s))
        return await request_picture(place, self.hosts, keep)

    def _place_of(self, address: str) -> Place:
        if self.buckets is not None and address.startswith(SCHEME):
            return self.buckets.place_of(address)
        return place_of(address)

    def _keeper(self, key: str, md5: str | None, address: str) -> Keep:
        async def keep(data: bytes) -> int:
            if md5 is not None:
                _check_md5(data, md5, address)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self.writers, self.store.write, key, data)
            return len(data)

        return keep


def _check_md5(data: bytes, wanted: str, address: str) -> None:
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    got = base64.b64encode(digest).decode()
    if got.rstrip("=") != wanted.strip().rstrip("="):
        shown = ascii(address.partition("?")[0][:200])
        raise PictureRefused(
            "checksum_mismatch",
            f"{shown}: got MD5 {got} instead of {wanted[:40]!a}; it is another "
            "picture by now, drop the row or refresh the list",
        )


def _circuit_open(place: Place, host: Host) -> PictureRefused:
    breaker = host.breaker
    return PictureRefused(
        "circuit_open",
        f"{place.shown}: not asked, since over {breaker.share:.0%} of the last "
        f"{breaker.window} pictures of its host ended as {breaker.cause}; "
        "see to that, then retry at the next refresh",
    )


def _failed(
    image_id: str, address: str | None, refusals: Sequence[PictureRefused]
) -> Outcome:
    """Sum up: what can pass decides, since it is what another try may mend."""
    if not refusals:
        reason, detail = "no_address", f"{image_id}: has no address; drop the row"
    else:
        passing = [one for one in refusals if one.reason in TRANSIENT]
        reason = (passing or list(refusals))[-1].reason
        detail = " | ".join(str(one) for one in refusals)
    return Outcome(image_id, "failed", reason, detail, address)
