"""Where stages leave what they made last, for the release to take or leave."""

COLLECTION = "models/latest/collection.txt"
DIRECTIONS = "models/latest/directions.safetensors"
CALIBRATION = "models/latest/track_calibration.safetensors"
BRIDGE_REPORT = "reports/bridge_report.json"


def projection_key(kind: str) -> str:
    """Return where the last fit of a kind of projection lies."""
    return f"models/latest/{kind}.safetensors"
