"""A dropped link becomes the audio that it leads to, or a reason why not.

A link is written by whoever may drop songs, and followed from inside our network. So
it goes by https and straight to a public address, each redirect is judged like the
link itself, and bytes and seconds are counted over all of it. Proxies of the
environment are passed by: they would look names up again, after we judged them.

Not here: the link file and the form of its address (link), which addresses are public
(corpus.download.guard), the connection to the judged number
(corpus.download.connection), what is a song (music.decode).
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from evoke_core.config.drops import LinkRules
from evoke_core.corpus.download.guard import Place
from evoke_core.corpus.download.reasons import refused_for_failure, refused_for_status
from evoke_core.drops.drop import title_from_key
from evoke_core.errors import PictureRefused, TrackRefused
from evoke_core.serving.link import judge_address, read_link

if TYPE_CHECKING:
    import httpx

_LONGEST_TITLE = 120
_AGENT = "evoke (mood boards; fetches songs whose links were dropped)"

_ELSE = "drop it again later, or upload the audio file itself"
_REMEDIES = {
    "bad_address": "put the plain https address of an audio file into the link",
    "forbidden": "link a file that anybody may fetch, or upload it",
    "not_found": "check the link in a browser, or upload the audio file itself",
    "private_address": "link a public host, or upload the audio file itself",
    "unresolved_host": "check the host's name in the link, then drop it again",
}


@dataclass(frozen=True, slots=True)
class Linked:
    """What a link led to.

    Args:
        audio: The bytes as sent; whether they are a song is found out by decoding.
        url: The link without its query, which may hold keys.
        title: The linked file's name without its ending, else the drop's.
    """

    audio: bytes
    url: str
    title: str


def fetch_linked(raw: bytes, name: str, rules: LinkRules) -> Linked:
    """Fetch the audio that a dropped link leads to.

    Args:
        raw: The link file: one address as plain text, or a Windows Internet Shortcut.
        name: Its key below the drops folder, for titles and messages.
        rules: Limits of the whole way.

    Raises:
        TrackRefused: `bad_link`, `not_https`, `has_credentials`, `blocked_port`,
            `bad_address`, `private_address`, `unresolved_host`, `too_many_redirects`,
            `too_large`, `timeout`, `empty_file`, `not_audio`, or another word of
            `download.reasons`; those of its TRANSIENT may pass.
    """
    try:
        link = judge_address(read_link(raw))
        audio = asyncio.run(_follow(link, rules))
    except PictureRefused as refused:
        raise _of_a_song(refused, name) from refused
    except TrackRefused as refused:
        raise TrackRefused(refused.reason, f"{name!r}: {refused}") from refused
    return Linked(audio, f"https://{link.shown}", _title(link, name))


async def _follow(place: Place, rules: LinkRules) -> bytes:
    import httpx

    from evoke_core.corpus.download.connection import PinnedTransport

    # One for the whole way: a host that comes again keeps the number it had.
    line = PinnedTransport(
        httpx.create_ssl_context(), allow_private=rules.allow_private
    )
    try:
        async with asyncio.timeout(rules.total_s), aclosing(line):
            for _ in range(rules.max_redirects + 1):
                answer = await _ask(line, place, rules)
                if isinstance(answer, bytes):
                    return answer
                place = answer
    except TimeoutError as wrong:
        raise TrackRefused(
            "timeout", f"{place.shown}: took longer than {rules.total_s:g} s; {_ELSE}"
        ) from wrong
    raise TrackRefused(
        "too_many_redirects",
        f"{place.shown}: reached after {rules.max_redirects} redirects, which go on; "
        "link the audio file itself",
    )


async def _ask(
    line: "httpx.AsyncBaseTransport", place: Place, rules: LinkRules
) -> bytes | Place:
    """Ask once: the bytes of a file, or the place that the host sends us to."""
    import httpx

    timeout = httpx.Timeout(rules.total_s, connect=rules.connect_s)
    request = httpx.Request(
        "GET",
        place.url,
        headers={
            "User-Agent": _AGENT,
            "Accept": "audio/*, video/*;q=0.8, application/octet-stream;q=0.8",
            "Accept-Encoding": "identity",
            "Connection": "close",
        },
        extensions={"timeout": timeout.as_dict()},
    )
    is_answered = False
    try:
        async with aclosing(await line.handle_async_request(request)) as response:
            is_answered = True
            if response.has_redirect_location:
                return judge_address(response.headers["location"], base=place.url)
            if response.status_code != httpx.codes.OK:
                raise refused_for_status(response.status_code, place.shown)
            return await _read(response, place, rules.max_bytes)
    except httpx.TransportError as wrong:
        raise refused_for_failure(
            wrong, place.shown, is_answered=is_answered
        ) from wrong


async def _read(response: "httpx.Response", place: Place, max_bytes: int) -> bytes:
    """Read a body as it was sent; what was packed is refused, so nothing unpacks."""
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed not in {"", "identity"}:
        raise TrackRefused(
            "unexpected_answer",
            f"{place.shown}: packed as {packed[:40]!a}, which was not asked for; "
            "link the audio file itself",
        )
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:18]) > max_bytes:
        raise _too_large(place, max_bytes)
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > max_bytes:
            raise _too_large(place, max_bytes)
        # No audio begins like that, and a page need not be read to its end.
        if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            raise TrackRefused(
                "not_audio",
                f"{place.shown}: is a web page; link the audio file on it",
            )
    if not data:
        raise TrackRefused("empty_file", f"{place.shown}: got 0 bytes; {_ELSE}")
    return bytes(data)


def _title(link: Place, name: str) -> str:
    called = unquote(link.url.path).rpartition("/")[2]
    clean = " ".join(title_from_key(called).split()) if called else ""
    if not clean.isprintable() or not any(c.isalpha() for c in clean):
        clean = title_from_key(PurePosixPath(name).name)
    return clean[:_LONGEST_TITLE]


def _of_a_song(refused: PictureRefused, name: str) -> TrackRefused:
    """Say the same of a song: the remedy of a list of pictures is none for a link."""
    what = str(refused).partition("; ")[0]
    remedy = _REMEDIES.get(refused.reason, _ELSE)
    return TrackRefused(refused.reason, f"{name!r}: {what}; {remedy}")


def _too_large(place: Place, max_bytes: int) -> TrackRefused:
    return TrackRefused(
        "too_large",
        f"{place.shown}: has more than {max_bytes} bytes; link a smaller file, or "
        "raise drops.links.max_bytes",
    )
