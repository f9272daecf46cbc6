"""How runs are cut: by dropped song, curated track, collection or shard of it."""

from collections.abc import Collection, Sequence
from itertools import groupby

import dagster as dg

from evoke_core.config.curated_library import load_curated_library
from evoke_core.config.loading import load_sources
from evoke_core.corpus.shards import shard_names
from evoke_pipelines.environment import CONFIG_FOLDER

AUDIO_DROPS_NAME = "audio_drops"
AUDIO_DROPS = dg.DynamicPartitionsDefinition(name=AUDIO_DROPS_NAME)

# Partitions are part of the definition, so the list is read when the location loads.
_SOURCES = load_sources(CONFIG_FOLDER)
CURATED = load_curated_library(CONFIG_FOLDER, _SOURCES)
CURATED_TRACKS = dg.StaticPartitionsDefinition(list(CURATED.tracks))

# All that are configured: what the profile does not ask for is an empty part.
PICTURE_SHARDS = dg.StaticPartitionsDefinition(shard_names(_SOURCES.pictures))


def one_run_over(keys: Sequence[str]) -> dict[str, str]:
    """Return the tags of one run over a range of partitions, first to last."""
    return {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }


def runs_over(keys: Collection[str], order: Sequence[str]) -> list[dict[str, str]]:
    """Return the tags of the fewest runs over these partitions and no other.

    Args:
        keys: All of them in `order`.
        order: In which they were added.
    """
    wanted = set(keys)
    places = [place for place, key in enumerate(order) if key in wanted]
    stretches = groupby(enumerate(places), key=lambda at: at[1] - at[0])
    return [
        one_run_over([order[place] for _, place in stretch]) for _, stretch in stretches
    ]


EVERY_SHARD = one_run_over(PICTURE_SHARDS.get_partition_keys())
