"""Pictures are known by their first bytes, whatever they are called."""

import io

import pytest
from PIL import Image

from evoke_core.corpus.decode import FORMATS
from evoke_core.corpus.download.body import is_picture


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_that_we_decode_is_known(format_name: str):
    buffer = io.BytesIO()
    Image.new("RGB", (80, 80), "red").save(buffer, format_name)

    assert is_picture(buffer.getvalue()[:32])


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"P",
        b"P6",
        b"Please log in to see this picture",
        b"<html><body>",
        b'{"error": "quota"}',
        b"RIFF....WAVEfmt ",
        b"\0\0\0\x18ftypmp42",
        b"%PDF-1.7",
    ],
)
def test_everything_else_is_not(head: bytes):
    assert not is_picture(head)
