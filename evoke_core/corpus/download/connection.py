"""Connections to hosts: pinned to a judged address, and no more at once than agreed.

It is imported when a download starts, not before: httpx takes its time to load.
Requests and answers are `request`'s business.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.request import getproxies, proxy_bypass

import httpx

from evoke_core.config.profile import DownloadRules
from evoke_core.corpus.download.breaker import CircuitBreaker
from evoke_core.corpus.download.guard import Place, refuse_private_number, resolve
from evoke_core.errors import PictureRefused


class PinnedTransport(httpx.AsyncBaseTransport):
    """Connects to the numeric addresses that the guard has allowed.

    Every request has a connection of its own. A kept one would still hold what a host
    sends beyond the length that it declared, and the client takes that for the answer
    to the next request: another picture under this picture's name.

    Args:
        context: Verifies certificates, against the name and not the number.
        allow_private: Loopback and private addresses are allowed.
    """

    def __init__(self, context: ssl.SSLContext, *, allow_private: bool) -> None:
        self._inner = httpx.AsyncHTTPTransport(
            verify=context, limits=_limits(kept=0), trust_env=False
        )
        self._allow_private = allow_private
        self._numbers: dict[str, tuple[str, ...]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first address that takes it."""
        host, port = request.url.raw_host.decode("ascii"), request.url.port or 0
        if host not in self._numbers:
            self._numbers[host] = await resolve(
                host, port, allow_private=self._allow_private
            )
        *others, last = self._numbers[host]
        for number in others:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._send(request, number)
        try:
            return await self._send(request, last)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            self._numbers.pop(host, None)  # it may have moved; the next one looks again
            raise

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()

    async def _send(self, request: httpx.Request, number: str) -> httpx.Response:
        url = request.url
        name = url.raw_host.decode("ascii")
        pinned = httpx.Request(
            request.method,
            url.copy_with(host=number),
            headers=request.headers,  # with the Host of the name
            extensions={**request.extensions, "sni_hostname": name},
        )
        return await self._inner.handle_async_request(pinned)


@dataclass(slots=True)
class Host:
    """What is shared by all requests to one host."""

    gate: asyncio.Semaphore
    breaker: CircuitBreaker
    resting_until_s: float = 0.0

    def rest(self, duration_s: float) -> None:
        """Leave the host alone, as it asked."""
        until_s = time.monotonic() + duration_s
        self.resting_until_s = max(self.resting_until_s, until_s)


@dataclass(slots=True)
class Hosts:
    """All hosts of one download, and the turns at them.

    Args:
        rules: How many turns there are at once, and how patient we are.
    """

    rules: DownloadRules
    _slots: asyncio.Semaphore = field(init=False)
    _context: ssl.SSLContext = field(default_factory=httpx.create_ssl_context)
    _hosts: dict[tuple[str, bool], Host] = field(default_factory=dict)
    _lines: dict[tuple[bool, str | None], httpx.AsyncBaseTransport] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.rules.at_once)

    def of(self, place: Place) -> Host:
        """Return the host of a place."""
        key = (place.host, place.is_trusted)
        if key not in self._hosts:
            rules = self.rules
            self._hosts[key] = Host(
                asyncio.Semaphore(rules.per_host),
                CircuitBreaker(
                    rules.breaker_window, rules.breaker_share, rules.breaker_pause_s
                ),
            )
        return self._hosts[key]

    @asynccontextmanager
    async def turn(self, place: Place) -> AsyncIterator[httpx.AsyncBaseTransport]:
        """Wait for a turn at a host, and hold it.

        Raises:
            PictureRefused: The host asked for a longer rest than we wait for.
        """
        host = self.of(place)
        async with host.gate:
            while (wait_s := host.resting_until_s - time.monotonic()) > 0:
                self._refuse_long_rest(wait_s, place)
                await asyncio.sleep(wait_s)
            async with self._slots:
                yield self._line_to(place)

    async def aclose(self) -> None:
        """Close all connections."""
        for line in self._lines.values():
            await line.aclose()

    def _refuse_long_rest(self, wait_s: float, place: Place) -> None:
        if wait_s > self.rules.max_retry_after_s:
            raise PictureRefused(
                "rate_limited",
                f"{place.shown}: its host asked for {wait_s:.0f} s of rest; retry "
                "after that, or raise download.max_retry_after_s",
            )

    def _line_to(self, place: Place) -> httpx.AsyncBaseTransport:
        # Not a whole client: it would keep cookies, and it reads where a redirect
        # leads before we have judged it.
        proxy, is_trusted = _proxy_for(place), place.is_trusted
        if proxy is not None and not (is_trusted or self.rules.allow_private):
            refuse_private_number(place.url.host)
        key = (is_trusted, proxy)
        if key not in self._lines:
            self._lines[key] = self._transport(proxy, is_trusted=is_trusted)
        return self._lines[key]

    def _transport(
        self, proxy: str | None, *, is_trusted: bool
    ) -> httpx.AsyncBaseTransport:
        if proxy is None and not is_trusted:
            return PinnedTransport(
                self._context, allow_private=self.rules.allow_private
            )
        # A bucket keeps to the lengths that it declares; its connections are kept.
        kept = self.rules.at_once if is_trusted else 0
        return httpx.AsyncHTTPTransport(
            verify=self._context, limits=_limits(kept=kept), proxy=proxy
        )


def _limits(*, kept: int) -> httpx.Limits:
    # How many there are at once is decided by turns.
    return httpx.Limits(max_connections=None, max_keepalive_connections=kept)


def _proxy_for(place: Place) -> str | None:
    """Name the proxy that the environment asks for.

    The proxy then looks the name up; which addresses it refuses is its operator's
    decision.
    """
    if proxy_bypass(place.url.host):
        return None
    return getproxies().get(place.url.scheme)
