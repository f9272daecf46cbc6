"""Pictures ask, and the music of the library answers."""
