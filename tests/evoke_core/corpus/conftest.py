"""What tests of fetching share."""

from pathlib import Path

import pytest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder for a user's own pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder
