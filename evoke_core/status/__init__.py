"""The status page: what there is, what works, and what waits, at one look."""
