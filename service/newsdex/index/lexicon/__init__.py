"""The words, authors and tags of the index as people write them, kept in memory for whoever is typing."""
