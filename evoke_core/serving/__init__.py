"""Dropped songs become stored boards; a bad one is set aside."""
