"""Short pieces of music rendered in code: the library of the demo profile."""
