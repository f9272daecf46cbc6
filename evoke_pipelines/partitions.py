"""How runs are cut: one partition for each dropped song."""

import dagster as dg

AUDIO_DROPS_NAME = "audio_drops"
AUDIO_DROPS = dg.DynamicPartitionsDefinition(name=AUDIO_DROPS_NAME)
