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
from tests.evoke_core.serving.web import (  # noqa: F401 (fixtures)
    certificate,
    names,
    unasked,
    web,
)


@pytest.fixture
def serve():
    from evoke_core.serving import serve

    return serve
