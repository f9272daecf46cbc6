"""One HTML file that works alone: templates, inlined styles and scripts, its policy.

What a board or a gallery says is not here. Scripts and styles are allowed by their
SHA-256 only, so that a text which slipped through as markup could still not run.

Source: W3C Content Security Policy Level 3.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from evoke_core.pages.accent import safe_palette

# U+2028 and U+2029 end a line in older JavaScript; the others could close the element
_UNSAFE_IN_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_WEB_LINK = re.compile(r"https?://[^\s\"'<>\\]+", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def render_document(
    template: str,
    context: Mapping[str, Any],
    *,
    styles: Sequence[str],
    scripts: Sequence[str],
    rules: str = "",
    packages: Sequence[str] = ("evoke_core.pages",),
) -> str:
    """Fill a template and inline its styles and scripts under a strict policy.

    Args:
        template: File name below `templates/`.
        context: Values for the template; every text is escaped.
        styles: CSS files, joined in order.
        scripts: JavaScript files, joined in order into one script.
        rules: CSS made for this document, after the files; must hold no foreign text.
        packages: Whose `templates/` are looked through, in order.

    Returns:
        The whole document.
    """
    environment = _environment(tuple(packages))
    style = _join(environment, styles) + rules
    script = _join(environment, scripts)
    return environment.get_template(template).render(
        context,
        style=Markup(style),  # noqa: S704 -- our own files and checked numbers
        script=Markup(script),  # noqa: S704 -- our own files
        policy=_policy(style, script),
    )


def json_block(value: object) -> Markup:
    """Write a value as JSON that is safe between script tags.

    Raises:
        ValueError: The value holds NaN or an infinity, which JSON can't say.
    """
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).translate(_UNSAFE_IN_SCRIPT)
    return Markup(text)  # noqa: S704 -- every sign that HTML reads is escaped


def web_link(url: str | None) -> str | None:
    """Pass on an http(s) address; anything else, such as javascript:, becomes None."""
    return url if url and _WEB_LINK.fullmatch(url) else None


def relative_link(url: str | None) -> str | None:
    """Pass on an address relative to the page; one that leaves its host becomes None.

    Browsers drop control characters and read a backslash as a slash, so both count.
    """
    if not url:
        return None
    plain = _CONTROL.sub("", url).strip().replace("\\", "/")
    leaves = plain.startswith("/") or _SCHEME.match(plain)
    return None if leaves or plain != url else url


def data_uri(jpeg: bytes) -> str:
    """Write JPEG bytes as an address that needs no second file."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def favicon(palette: Sequence[str]) -> str:
    """Draw a small masonry in a palette's colours, as an address for the tab."""
    colours = (safe_palette(palette) * 4)[:4]
    places = ((0, 0, 9), (0, 11, 5), (9, 0, 5), (9, 7, 9))
    bars = "".join(
        f"<rect x='{x}' y='{y}' width='7' height='{height}' rx='2' fill='{colour}'/>"
        for (x, y, height), colour in zip(places, colours, strict=True)
    )
    drawing = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>{bars}</svg>"
    )
    return "data:image/svg+xml," + quote(drawing)


def clock(seconds: float) -> str:
    """Write a time as listeners read it: 3:42, or 1:02:07 past the hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@lru_cache
def _environment(packages: tuple[str, ...]) -> jinja2.Environment:
    """Compile templates once a process; half of a page's time went into that."""
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(package, "templates") for package in packages]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _join(environment: jinja2.Environment, names: Sequence[str]) -> str:
    loader = cast("jinja2.BaseLoader", environment.loader)
    return "\n".join(loader.get_source(environment, name)[0] for name in names)


def _policy(style: str, script: str) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            "img-src 'self' file: data: blob:",  # 'self' names nothing on a local disk
            "media-src 'self' file: blob:",
            f"style-src {_digest(style)}",
            f"script-src {_digest(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _digest(text: str) -> str:
    sha256 = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(sha256).decode('ascii')}'"
