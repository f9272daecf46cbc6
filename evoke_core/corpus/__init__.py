"""Which pictures exist, may be used, and are kept."""
