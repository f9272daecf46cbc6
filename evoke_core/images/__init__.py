"""What pictures look and feel like: vectors and mood tags."""
