"""Composition roots, one for each kind of process; the only importers of concrete seams."""
