"""What a reply shows of its hits: marked words, snippets, facets, histogram, explanation."""
