"""Why a picture could not be fetched: the stable words, and where each comes from.

What is done about a reason (another try, another address) is decided in `rows`.
"""

import ssl
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from evoke_core.errors import PictureRefused

if TYPE_CHECKING:
    import httpx

# These pass by themselves: another try now, and again at the next refresh.
TRANSIENT = frozenset(
    {
        "circuit_open",
        "connection_reset",
        "incomplete",
        "protocol_error",
        "rate_limited",
        "server_error",
        "timeout",
        "unreachable_host",
        "unresolved_host",
    }
)
# These stay until the list, the picture or a rule changes.
PERMANENT = frozenset(
    {
        "bad_address",
        "checksum_mismatch",
        "empty_file",
        "forbidden",
        "insecure_connection",
        "no_address",
        "not_an_image",
        "not_found",
        "opted_out",
        "placeholder",
        "private_address",
        "too_large",
        "too_many_redirects",
        "unexpected_answer",
    }
)

_OF_STATUS = {
    401: ("forbidden", "ask the collection for access"),
    403: ("forbidden", "ask the collection for access"),
    404: ("not_found", "drop the row, or refresh the collection's list"),
    408: ("timeout", "retry at the next refresh"),
    410: ("not_found", "drop the row, or refresh the collection's list"),
    425: ("rate_limited", "lower download.per_host"),
    429: ("rate_limited", "lower download.per_host"),
    451: ("forbidden", "drop the row; the host may not serve it"),
}


def refused_for_status(status: int, place: str) -> PictureRefused:
    """Name what an HTTP status other than 200 and redirects means for a picture.

    Args:
        status: As answered.
        place: Host and path, for people.
    """
    reason, remedy = _OF_STATUS.get(status, ("", ""))
    if not reason and status >= 500:
        reason, remedy = "server_error", "retry at the next refresh"
    if not reason:
        reason, remedy = "unexpected_answer", "open the address in a browser"
    return PictureRefused(reason, f"{place}: got HTTP status {status}; {remedy}")


def refused_for_failure(
    wrong: "httpx.TransportError", place: str, *, is_answered: bool
) -> PictureRefused:
    """Name what broke on the way.

    Args:
        wrong: As raised by the client.
        place: Host and path, for people.
        is_answered: The head of the answer had arrived.
    """
    reason, remedy = _name_failure(wrong, is_answered=is_answered)
    got = str(wrong) or type(wrong).__name__
    return PictureRefused(reason, f"{place}: got {got!r}; {remedy}")


def retry_after_s(value: str | None, *, now_s: float) -> float:
    """Read a `Retry-After` header, in seconds or as an HTTP date (RFC 9110).

    Returns:
        Seconds from now on, at least 0; 0 for none and for nonsense.
    """
    if value is None:
        return 0.0
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now_s)
    except (ValueError, OverflowError):  # not a date, or a year that is none
        return 0.0


def _name_failure(
    wrong: "httpx.TransportError", *, is_answered: bool
) -> tuple[str, str]:
    import httpx

    retry = "retry at the next refresh"
    named = "connection_reset", retry
    if isinstance(wrong, httpx.TimeoutException):
        named = "timeout", f"{retry}, or raise download.connect_s and read_s"
    elif isinstance(wrong, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        named = "bad_address", "mend the address in the collection's list"
    elif isinstance(wrong, httpx.RemoteProtocolError) and is_answered:
        named = "incomplete", retry
    elif isinstance(wrong, httpx.RemoteProtocolError):
        is_closed = "disconnected" in str(wrong)
        named = ("connection_reset" if is_closed else "protocol_error"), retry
    elif any(
        isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(wrong)
    ):
        named = "insecure_connection", "check the host's certificate and our clock"
    elif isinstance(wrong, httpx.ConnectError | httpx.ProxyError):
        named = "unreachable_host", "check the network, then retry"
    return named


def _causes(wrong: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = wrong
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
