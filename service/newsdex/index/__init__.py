"""The Whoosh index: derived from the archive, deletable at any time."""
