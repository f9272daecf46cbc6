"""Which addresses may be asked at all: lists are written by strangers.

A name is judged by what it resolves to, and the connection goes to the very number
that was judged (`connection`), so a name can't change its mind in between.
"""

import asyncio
import ipaddress
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evoke_core.errors import PictureRefused

if TYPE_CHECKING:
    import httpx

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Global by the letter of the registries, and yet somebody's inside: clouds answer their
# own machines there (192.0.0.192, 168.63.129.16), sites once numbered by fec0.
_INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "168.63.129.16/32", "fec0::/10")
)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_HOST = re.compile(r"[\w.-]+|[0-9a-fA-F:.]+")  # a name in any script, or IPv6
# What the C library takes for a number: 2130706433, 0x7f.1, 127.1, 0177.0.0.1
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0[xX][0-9a-fA-F]*)\.?")
_LONGEST_SHOWN = 200
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Place:
    """Where one request goes.

    Attributes:
        url: http or https, without user name and password.
        shown: Host and path for people; the query may hold keys and stays out.
        is_trusted: The operator's own S3 endpoint, which may be a private address.
    """

    url: "httpx.URL"
    shown: str
    is_trusted: bool = False

    @property
    def host(self) -> str:
        """Host and port, which limits and the circuit breaker go by."""
        port = self.url.port or {"http": 80, "https": 443}[self.url.scheme]
        return f"{self.url.host}:{port}"


def place_of(address: str, *, base: "httpx.URL | None" = None) -> Place:
    """Parse an http(s) address.

    Args:
        address: As listed, or a redirect's target.
        base: What a redirect's target is relative to.

    Raises:
        PictureRefused: Not an http(s) address, or one with a user name.
    """
    import httpx

    try:
        url = httpx.URL(address) if base is None else base.join(address)
        host, port = url.host, url.port
    except (httpx.InvalidURL, ValueError, TypeError) as wrong:
        # What is quoted as a port may be half of a password.
        got = "no valid address" if "@" in str(address) else str(wrong)
        raise _bad(address, got) from wrong
    if url.scheme not in {"http", "https"}:
        raise _bad(address, f"scheme {url.scheme} instead of http, https or s3")
    if not _HOST.fullmatch(host) or not 0 < (port or 1) < 65536:
        raise _bad(address, "no host")
    if url.userinfo:
        raise _bad(url.host, "a user name in the address")
    path = url.raw_path.decode("ascii").partition("?")[0]
    return Place(url, f"{url.netloc.decode('ascii')}{path}"[:_LONGEST_SHOWN])


def bucket_and_key(address: str) -> tuple[str, str]:
    """Split `s3://bucket/key`.

    Raises:
        PictureRefused: No bucket, no key, or a bucket name that S3 does not allow.
    """
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if not _BUCKET.fullmatch(bucket) or not key:
        raise _bad(address, "not of the form s3://bucket/key")
    return bucket, key


async def resolve(host: str, port: int, *, allow_private: bool) -> tuple[str, ...]:
    """Look up a name, and keep what may be connected to.

    Returns:
        Numeric addresses in the resolver's order, at least one.

    Raises:
        PictureRefused: `unresolved_host`, or `private_address` where nothing is left.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as wrong:
        raise PictureRefused(
            "unresolved_host",
            f"{host[:_LONGEST_SHOWN]}: got {brief(str(wrong))!r} for its name; check "
            "the network's DNS",
        ) from wrong
    # A zone ("fe80::1%eth0") is ours to know and no part of an address.
    listed = (str(entry[4][0]).partition("%")[0] for entry in found)
    numbers = tuple(dict.fromkeys(listed))
    allowed = tuple(n for n in numbers if allow_private or is_public(n))
    if not allowed:
        raise _private(host, ", ".join(numbers))
    return allowed


def refuse_private_number(host: str) -> None:
    """Refuse a private address that is written as such; names pass.

    It is all that can be judged where a proxy looks names up.
    """
    with suppress(ValueError):  # not a number
        if not is_public(host):
            raise _private(host, host)


def is_public(number: str) -> bool:
    """Say whether a numeric address is one that anybody may reach.

    An IPv4 address that travels inside an IPv6 one (mapped, 6to4, Teredo, NAT64) is
    judged itself.
    """
    ip: _Ip = ipaddress.ip_address(number.partition("%")[0])
    inner = _embedded(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    judged = inner or ip
    if any(judged in network for network in _INSIDE):
        return False
    return judged.is_global and not judged.is_multicast and not judged.is_reserved


def is_odd_number(host: str) -> bool:
    """Say whether the C library reads a host as an address and people don't."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _ENDS_IN_NUMBER.fullmatch(host) is not None
    return False


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def _private(host: str, numbers: str) -> PictureRefused:
    return PictureRefused(
        "private_address",
        f"{host[:_LONGEST_SHOWN]}: is at {numbers}, which is not on the public "
        "internet; set download.allow_private if that is meant",
    )


def _bad(address: str, got: str) -> PictureRefused:
    # The query may hold keys, and so may all that stands before an @.
    plain = address.rpartition("@")[2].partition("?")[0]
    return PictureRefused(
        "bad_address",
        f"'{brief(plain)}': can't be fetched: {brief(got)}; mend it in the "
        "collection's list",
    )


def brief(text: str) -> str:
    """Write what a stranger wrote in printable ASCII and at most 200 characters."""
    return ascii(text)[1:-1][:_LONGEST_SHOWN]
