"""A small JSON file beside weights: what was found out about them once, and kept.

What a record says, and what is done without one, belongs to who keeps it.
"""

import json
import logging
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LOG = logging.getLogger(__name__)


def write_record(record: Path, content: Mapping[str, Any], *, without: str) -> None:
    """Put a record in one step, or warn: weights may lie where nothing can be written.

    Args:
        record: Readers see the old one or the new one, however many write at once.
        content: What JSON can hold.
        without: What happens as long as there is none, as "measured at each start".
    """
    text = json.dumps(content, indent=1, sort_keys=True)
    draft = record.with_name(f".{record.name}.unfinished-{secrets.token_hex(8)}")
    try:
        try:
            draft.write_text(text + "\n", encoding="utf-8")
            draft.replace(record)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as denied:
        _LOG.warning("%s can't be written (%s); %s", record, denied, without)
