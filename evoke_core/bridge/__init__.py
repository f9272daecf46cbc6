"""From music space into image space: the bridge and the rivals it must beat."""
