"""What tests of this room share with those of boards."""

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
