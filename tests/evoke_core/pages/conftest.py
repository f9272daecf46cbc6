"""What tests of this room share, some of it with those of boards."""

import pytest

from tests.evoke_core.boards.conftest import (  # noqa: F401 (fixtures)
    chord,
    desk,
    encoder,
    heard,
    index,
    run_profile,
    silence,
    song,
    store,
    vocabulary,
)
from tests.evoke_core.pages.planted_board import plant
from tests.evoke_core.pages.visit import Visit, write_page


@pytest.fixture(scope="module")
def planted():
    return plant()


@pytest.fixture(scope="module")
def address(planted, tmp_path_factory):
    return write_page(planted, tmp_path_factory.mktemp("boards") / "planted")


@pytest.fixture
def visit(browser, address):
    with Visit(browser, address) as opened:
        yield opened
