"""What a dropped link says: its one address, and whether its form may be followed.

Not here: where its host is, which is judged when it is looked up (linked).
"""

import configparser
import re
from typing import TYPE_CHECKING

from evoke_core.corpus.download.guard import Place, is_odd_number, place_of
from evoke_core.errors import TrackRefused

if TYPE_CHECKING:
    import httpx

_LARGEST_LINK = 16_384  # bytes; a signed address has up to 2,000 characters
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CREDENTIALS = re.compile(r"(?:[A-Za-z]+:)?//[^/?#]*@")
_HTTPS_PORT = 443
_FIRST_UNPRIVILEGED_PORT = 1024


def read_link(raw: bytes) -> str:
    """Read the one address that a link file holds.

    Raises:
        TrackRefused: `bad_link`: too large, not text, or not exactly one address.
    """
    if len(raw) > _LARGEST_LINK:
        raise _bad_link(f"has {len(raw)} bytes, {_LARGEST_LINK} are allowed")
    lines = [line.strip() for line in _text(raw).splitlines() if line.strip()]
    found = _in_shortcut(lines) if lines and lines[0].startswith("[") else lines
    if len(found) != 1:
        raise _bad_link(f"holds {len(found)} addresses instead of one")
    address = found[0]
    if not address.isprintable() or " " in address:
        raise _bad_link("holds words instead of one address")
    return address


def judge_address(address: str, *, base: "httpx.URL | None" = None) -> Place:
    """Say where an address leads, if it is one that may be followed.

    Args:
        address: The link, or a redirect's target.
        base: What a redirect's target is relative to; itself https.

    Raises:
        TrackRefused: `not_https`, `has_credentials`, `bad_address`, `blocked_port`.
        PictureRefused: `bad_address`.
    """
    scheme = _SCHEME.match(address)
    if scheme and scheme[1].lower() != "https":
        raise TrackRefused(
            "not_https",
            f"leads to {scheme[1][:20]!a}, only https is followed; use the file's "
            "https address, or upload the audio file itself",
        )
    if _CREDENTIALS.match(address):
        raise TrackRefused(
            "has_credentials",
            "has a user name or password in its address; link a file that anybody may "
            "fetch, or upload it",
        )
    place = place_of(address, base=base)
    host, port = place.url.raw_host.decode("ascii"), place.url.port or _HTTPS_PORT
    _refuse_odd_number(host)
    if port != _HTTPS_PORT and port < _FIRST_UNPRIVILEGED_PORT:
        raise TrackRefused(
            "blocked_port",
            f"{place.shown}: port {port} belongs to another service than the web; "
            f"use port {_HTTPS_PORT}, or one from {_FIRST_UNPRIVILEGED_PORT} on",
        )
    return place


def _text(raw: bytes) -> str:
    marks = (code for mark, code in _BYTE_ORDER_MARKS.items() if raw.startswith(mark))
    try:
        return raw.decode(next(marks, "utf-8"))
    except UnicodeDecodeError as wrong:
        raise _bad_link("is not text") from wrong


def _in_shortcut(lines: list[str]) -> list[str]:
    """Find the addresses of an Internet Shortcut, which is an INI file."""
    shortcut = configparser.RawConfigParser(
        delimiters=("=",), comment_prefixes=(";", "#"), allow_no_value=True
    )
    try:
        shortcut.read_string("\n".join(lines))
    except configparser.Error as wrong:
        raise _bad_link("is a shortcut that can't be read, or has two URL lines") from (
            wrong
        )
    named = {name.lower(): name for name in shortcut.sections()}
    section = named.get("internetshortcut")
    address = shortcut.get(section, "url", fallback=None) if section else None
    return [address] if address else []


def _refuse_odd_number(host: str) -> None:
    if is_odd_number(host):
        raise TrackRefused(
            "bad_address",
            f"{host[:80]}: is neither a name nor a plain IP address; put the plain "
            "https address of an audio file into the link",
        )


def _bad_link(got: str) -> TrackRefused:
    return TrackRefused(
        "bad_link",
        f"the link file {got}; write one https address into it, or drop an Internet "
        "Shortcut with one URL line",
    )
