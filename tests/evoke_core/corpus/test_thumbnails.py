"""Thumbnails are read whatever their shape: originals were judged before."""

import pytest

from evoke_core.corpus.decode import THUMBNAIL_PX, decode_picture, encode_jpeg
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.corpus.thumbnails import read_thumbnail
from evoke_core.errors import PictureRefused

SHA = "ab" * 32


def test_a_thumbnail_is_read_whole_or_smaller(store, jpeg):
    store.write(thumbnail_key(SHA), jpeg(width=400, height=300))

    assert read_thumbnail(store, SHA).shape == (300, 400, 3)
    assert read_thumbnail(store, SHA, longest_px=160).shape == (120, 160, 3)


def test_the_thumbnail_of_a_panorama_is_no_small_picture(store, jpeg):
    original = decode_picture(jpeg(width=2000, height=100)).rgb
    thumbnail = encode_jpeg(original, longest_px=THUMBNAIL_PX)
    store.write(thumbnail_key(SHA), thumbnail)

    assert read_thumbnail(store, SHA).shape == (26, 512, 3)


def test_a_lost_thumbnail_and_a_damaged_one_differ(store):
    with pytest.raises(KeyError):
        read_thumbnail(store, SHA)
    store.write(thumbnail_key(SHA), b"torn")
    with pytest.raises(PictureRefused):
        read_thumbnail(store, SHA)
