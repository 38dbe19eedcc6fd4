"""Commands for readers: they ask the searchers."""
