"""How good boards are: variety, consistency, one against another."""
