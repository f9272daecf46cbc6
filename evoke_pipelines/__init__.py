"""Wiring: Evoke's stages as Dagster assets, jobs, schedules and sensors."""
