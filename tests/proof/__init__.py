"""Proof that what README claims holds: faults at every boundary, hostile input."""
