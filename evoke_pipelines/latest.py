"""Where stages leave what they made last, for the release to take or leave."""

COLLECTION = "models/latest/collection.txt"
DIRECTIONS = "models/latest/directions.safetensors"
BRIDGE_REPORT = "reports/bridge_report.json"
