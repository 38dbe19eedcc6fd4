"""Stock Whoosh over the same files: the oracle of the index's own execution."""
