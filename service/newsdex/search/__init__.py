"""From a search request to its reply."""
