"""One try at one address: the request, its redirects, its answer, the picture.

Other tries and other addresses are decided in `rows`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

import httpx

from evoke_core.config.profile import DownloadRules
from evoke_core.corpus.download.body import read_body
from evoke_core.corpus.download.connection import Hosts
from evoke_core.corpus.download.guard import Place, place_of
from evoke_core.corpus.download.reasons import (
    TRANSIENT,
    refused_for_failure,
    refused_for_status,
    retry_after_s,
)
from evoke_core.errors import PictureRefused

# Directives that have a colon of their own; before other colons stands a name.
_WITH_VALUE = frozenset(
    {"max-image-preview", "max-snippet", "max-video-preview", "unavailable_after"}
)
Keep = Callable[[bytes], Awaitable[int]]


async def request_picture(place: Place, hosts: Hosts, keep: Keep) -> int:
    """Fetch a picture and hand it on.

    Args:
        place: Where it is said to be.
        hosts: Turns at hosts; each redirect takes one of its own.
        keep: Takes the bytes; called while the turn is held, which bounds memory.

    Returns:
        What keep returned.

    Raises:
        PictureRefused: With a reason of `reasons`.
    """
    rules, spent_s = hosts.rules, 0.0
    for _ in range(rules.max_redirects + 1):
        async with hosts.turn(place) as line:
            began_s = time.monotonic()
            try:
                async with asyncio.timeout(rules.total_s - spent_s):
                    answer = await _ask(line, place, hosts)
            except TimeoutError as wrong:
                raise _too_slow(place, rules) from wrong
            if isinstance(answer, bytes):
                return await keep(answer)
            spent_s += time.monotonic() - began_s
        place = answer
    raise PictureRefused(
        "too_many_redirects",
        f"{place.shown}: reached after {rules.max_redirects} redirects, which go on; "
        "open the address in a browser",
    )


def opts_out(tags: Sequence[str], rules: DownloadRules) -> str | None:
    """Find the directive by which a host keeps a picture from us.

    Args:
        tags: Values of all `X-Robots-Tag` headers of an answer.
        rules: The directives that count, and our name: `name: noai` is said to `name`
            alone.

    Returns:
        The directive, or None.

    Source: img2dataset reads the header in the same way.
    """
    us = {"*", rules.user_agent.split()[0].partition("/")[0].lower()}
    for tag in tags:
        is_meant = True
        for part in tag.lower().split(","):
            name, colon, rest = (piece.strip() for piece in part.partition(":"))
            if colon and name not in _WITH_VALUE:
                is_meant = name in us
            directive = rest if colon else name
            if is_meant and directive in rules.opt_outs:
                return directive
    return None


async def _ask(
    line: httpx.AsyncBaseTransport, place: Place, hosts: Hosts
) -> bytes | Place:
    """Ask once: a picture's bytes, or the place that the host sends us to."""
    is_answered = False
    try:
        request = _build_request(place, hosts.rules)
        async with aclosing(await line.handle_async_request(request)) as response:
            is_answered = True
            return await _understand(response, place, hosts)
    except httpx.TransportError as wrong:
        raise refused_for_failure(
            wrong, place.shown, is_answered=is_answered
        ) from wrong


def _build_request(place: Place, rules: DownloadRules) -> httpx.Request:
    timeout = httpx.Timeout(rules.read_s, connect=rules.connect_s)
    return httpx.Request(
        "GET",
        place.url,
        headers={
            "User-Agent": rules.user_agent,
            "Accept": "image/*",
            "Accept-Encoding": "identity",
            "Connection": "keep-alive" if place.is_trusted else "close",
        },
        extensions={"timeout": timeout.as_dict()},
    )


async def _understand(
    response: httpx.Response, place: Place, hosts: Hosts
) -> bytes | Place:
    rules = hosts.rules
    directive = opts_out(response.headers.get_list("x-robots-tag"), rules)
    if directive is not None:
        raise PictureRefused(
            "opted_out",
            f"{place.shown}: its host says {directive!r}; drop the row from the list",
        )
    if response.has_redirect_location:
        target = place_of(response.headers["location"], base=place.url)
        _refuse_placeholder(target, rules)
        return target
    _refuse_placeholder(place, rules)
    if response.status_code == httpx.codes.OK:
        return await read_body(response, place.shown, max_bytes=rules.max_bytes)
    refused = _refused(response, place)
    if refused.reason in TRANSIENT:
        asked = response.headers.get("retry-after")
        hosts.of(place).rest(retry_after_s(asked, now_s=time.time()))
    raise refused


def _refused(response: httpx.Response, place: Place) -> PictureRefused:
    region = response.headers.get("x-amz-bucket-region")
    if region and response.status_code in {301, 307, 400}:
        return PictureRefused(
            "unexpected_answer",
            f"{place.shown}: its bucket is in another region; "
            f"set AWS_DEFAULT_REGION to {region[:40]!a}",
        )
    return refused_for_status(response.status_code, place.shown)


def _refuse_placeholder(place: Place, rules: DownloadRules) -> None:
    if any(part in place.url.path for part in rules.placeholders):
        raise PictureRefused(
            "placeholder",
            f"{place.shown}: is shown in the place of deleted pictures; drop the row",
        )


def _too_slow(place: Place, rules: DownloadRules) -> PictureRefused:
    return PictureRefused(
        "timeout",
        f"{place.shown}: took longer than {rules.total_s:g} s; "
        "retry at the next refresh, or raise download.total_s",
    )
