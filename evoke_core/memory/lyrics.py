"""Words of a song from a text: its encoding, its times and labels, its limits.

Reads what lies in `.txt` and `.lrc` files and in embedded tags. The language is left
as it is. What can't be used is no error: the song goes on without it, and a reason
says so.

Encodings, the first that fits: a byte order mark's; UTF-16 without one, by its zero
bytes; UTF-8; Windows-1252, the superset of Latin-1. The last fits nearly anything, so
that a text most of whose signs lie beyond ASCII in it is refused: it is Cyrillic,
Greek or Japanese in an encoding that can't be told, and would come out as nonsense.

Not here: where the text lies (tags, and the sidecars of boards), what stands in for it
(words). Source of the times: LRC as players write it, `[mm:ss.xx]` before a line and
`<mm:ss.xx>` before a word ("enhanced").
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass

_MARKS = (  # the longer ones first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Documents that are made of readable signs and are no lyrics.
_DOCUMENTS = (b"%pdf", b"{\\rtf", b"<!doctype", b"<html", b"<?xml", b"pk\x03\x04")
_SAMPLE_BYTES = 4096
_UTF16_ZEROS = 0.3  # of every second byte; Latin letters have one each
_MOST_CONTROL = 0.005  # of all characters; a text may hold a stray one
_MOST_BEYOND_ASCII = 0.3  # of Windows-1252; French and Vietnamese have a tenth

_TIME = r"\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?"
_TIMES = re.compile(rf"\[{_TIME}\]|<{_TIME}>")
# An id tag of lrc ([ar: ...]) or a label ([Chorus]); nobody sings either.
_BRACKETED = re.compile(r"\s*\[[^\]]*\]\s*")
_SAID_OF_SILENCE = frozenset({"instrumental", "no lyrics", "n/a", "none"})


@dataclass(frozen=True, slots=True)
class LyricsRules:
    """How much is read.

    Args:
        most_bytes: Of a text; 100,000 words have about 600,000.
        most_words: Of its beginning that count; the wordiest songs have some 2,000.
    """

    most_bytes: int = 4_194_304
    most_words: int = 10_000


@dataclass(frozen=True, slots=True)
class SungText:
    """What is sung, as far as a text says.

    Args:
        text: Lines ended by a line feed; "" where there is none.
        reason: Why there is none (snake_case: too_large, not_text, unknown_encoding,
            no_words); None where there is some.
        note: What a reader should know; None where all was used.
    """

    text: str
    reason: str | None = None
    note: str | None = None


def read_lyrics(written: bytes | str, rules: LyricsRules | None = None) -> SungText:
    """Read what is sung from a text file's bytes, or from a tag's decoded text.

    Args:
        written: Plain or lrc; the content decides.
        rules: Its limits.
    """
    rules = rules or LyricsRules()
    size = len(written)
    if size > rules.most_bytes:
        note = f"the lyrics have {size:,} bytes, above {rules.most_bytes:,}; "
        return SungText("", "too_large", note + "keep the words of one song")
    if isinstance(written, bytes):
        text = decode_lyrics(written)
        if isinstance(text, SungText):
            return text
    elif _control_share(written) > _MOST_CONTROL:
        return _not_text()
    else:
        text = written
    return _shortened(_sung_lines(text), rules)


def decode_lyrics(raw: bytes) -> str | SungText:
    """Decode a text file by the rule above; the refusal where it is no text."""
    if raw[:16].lstrip().lower().startswith(_DOCUMENTS):
        return _not_text()
    encoding, is_guess = _marked_encoding(raw), False
    text = _decoded(raw, encoding or "utf-8")
    if text is None and encoding is None:
        text = _decoded(raw, "cp1252")
        is_guess = True
    if text is None or _control_share(text) > _MOST_CONTROL:
        return _not_text()
    if is_guess and _beyond_ascii_share(text) > _MOST_BEYOND_ASCII:
        note = "the lyrics' encoding can't be told; save them as UTF-8"
        return SungText("", "unknown_encoding", note)
    return text


def _marked_encoding(raw: bytes) -> str | None:
    """Name the encoding that a mark or zero bytes tell; None where none do."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding
    sample = raw[:_SAMPLE_BYTES]
    half = max(1, len(sample) // 2)
    first, second = (sample[start::2].count(0) / half for start in (0, 1))
    if second >= _UTF16_ZEROS and first == 0:
        return "utf-16-le"
    if first >= _UTF16_ZEROS and second == 0:
        return "utf-16-be"
    return None


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _control_share(text: str) -> float:
    """Return the share of signs that no text holds: controls, private, unassigned."""
    wrong = sum(
        unicodedata.category(sign) in ("Cc", "Cn", "Co", "Cs") or sign == "\ufffd"
        for sign in text
        if sign not in "\t\n\r\f\v\x85"
    )
    return wrong / max(1, len(text))


def _beyond_ascii_share(text: str) -> float:
    written = [sign for sign in text if not sign.isspace()]
    return sum(sign > "\x7f" for sign in written) / max(1, len(written))


def _sung_lines(text: str) -> list[str]:
    """Drop times, id tags, labels and control signs; join what spaces part."""
    lines = []
    for line in text.splitlines():
        bare = _TIMES.sub(" ", line)
        if _BRACKETED.fullmatch(bare):
            continue
        shown = "".join(" " if unicodedata.category(c) == "Cc" else c for c in bare)
        if sung := " ".join(shown.split()):
            lines.append(sung)
    return lines


def _shortened(lines: list[str], rules: LyricsRules) -> SungText:
    whole = "\n".join(lines)
    if not any(sign.isalnum() for sign in whole) or _is_said_of_silence(whole):
        note = "the lyrics hold no words that are sung"
        return SungText("", "no_words", note)
    kept, left = [], rules.most_words
    for line in lines:
        words = line.split()[:left]
        left -= len(words)
        kept.append(" ".join(words))
        if left == 0:
            break
    used = "\n".join(kept)
    note = f"only the first {rules.most_words:,} words of the lyrics count"
    return SungText(used, note=None if used == whole else note)


def _is_said_of_silence(text: str) -> bool:
    return text.casefold().strip("()[]*-. \n♪") in _SAID_OF_SILENCE


def _not_text() -> SungText:
    note = "the lyrics are no text; save them as plain text in UTF-8"
    return SungText("", "not_text", note)
