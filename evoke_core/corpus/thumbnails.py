"""Read the thumbnail that the survey left of a picture, whole or smaller.

Thumbnails are ours: whether a picture is large enough to be used was judged on its
original, so that a panorama's, 40 px high, is read like any other. Making them is
`survey`, the previews cut from them are `previews`.
"""

from evoke_core.corpus.decode import (
    THUMBNAIL_PX,
    PictureLimits,
    Pixels,
    decode_picture,
)
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.storage.store import Store

_ANY_SHAPE = PictureLimits(min_side_px=1)


def read_thumbnail(
    store: Store, sha256: str, *, longest_px: int = THUMBNAIL_PX
) -> Pixels:
    """Return a picture's thumbnail, uint8[H, W, 3].

    Args:
        store: Where it lies.
        sha256: Of the picture's bytes.
        longest_px: Longest side of the result; never enlarged.

    Raises:
        KeyError: There is none.
        PictureRefused: It is damaged.
    """
    return decode_thumbnail(store.read(thumbnail_key(sha256)), longest_px=longest_px)


def decode_thumbnail(data: bytes, *, longest_px: int = THUMBNAIL_PX) -> Pixels:
    """Return the pixels of a thumbnail's bytes; see `read_thumbnail`."""
    return decode_picture(data, longest_px=longest_px, limits=_ANY_SHAPE).rgb
