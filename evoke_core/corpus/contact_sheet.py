"""Many pictures on one small sheet, to look at instead of reading about them."""

import io
from collections.abc import Sequence

from PIL import Image, ImageOps

_CELL_PX = 88
_GAP_PX = 6
_COLUMNS = 10
_GROUND = (250, 250, 249)


def contact_sheet(pictures: Sequence[bytes]) -> bytes:
    """Lay pictures out in rows of ten, each cut to a square.

    Args:
        pictures: Encoded pictures that are known to decode, such as thumbnails.

    Returns:
        PNG bytes; a blank strip for no pictures.
    """
    rows = max(1, -(-len(pictures) // _COLUMNS))
    pitch = _CELL_PX + _GAP_PX
    sheet = Image.new(
        "RGB", (_COLUMNS * pitch + _GAP_PX, rows * pitch + _GAP_PX), _GROUND
    )
    for place, data in enumerate(pictures):
        row, column = divmod(place, _COLUMNS)
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", (2 * _CELL_PX, 2 * _CELL_PX))
            cell = ImageOps.fit(opened.convert("RGB"), (_CELL_PX, _CELL_PX))
        sheet.paste(cell, (_GAP_PX + column * pitch, _GAP_PX + row * pitch))
    buffer = io.BytesIO()
    # 128 colours keep forty photographs at about 150 kB, small enough for metadata.
    sheet.quantize(128).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
