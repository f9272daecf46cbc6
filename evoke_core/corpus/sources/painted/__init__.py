"""The demo's picture collection: a few hundred pictures painted in code."""
