"""What pictures look and feel like: vectors, attributes and mood tags."""
