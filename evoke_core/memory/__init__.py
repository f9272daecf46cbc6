"""Audio memory: a song and its words become one image."""
