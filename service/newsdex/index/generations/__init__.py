"""Generations of the index: made from the archive, verified, replaced."""
