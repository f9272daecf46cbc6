"""What Evoke knows of pictures, music and the bridge between them; no Dagster here."""
