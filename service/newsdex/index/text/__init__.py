"""The words of a text, the same for the index, for queries and for marking."""
