"""The code location as it is, over two dozen pictures and a dozen pieces.

For the tests of deployment, which are about machines and not about pictures.
"""

import dagster as dg

from evoke_core.config.collections import Sources
from evoke_core.config.loading import load_sources
from evoke_pipelines.environment import CONFIG_FOLDER
from evoke_pipelines.resources import RESOURCES


@dg.resource(description="The demo's sources, cut small.")
def small_sources(_: dg.InitResourceContext) -> Sources:
    sources = load_sources(CONFIG_FOLDER)
    painted = sources.pictures["painted"].model_copy(update={"quota": 20})
    pieces = sources.music["synthesized"].model_copy(update={"quota": 1})
    return sources.model_copy(
        update={"pictures": {"painted": painted}, "music": {"synthesized": pieces}}
    )


RESOURCES["sources"] = small_sources

from evoke_pipelines.definitions import defs  # noqa: E402, F401 (it hands them out)
