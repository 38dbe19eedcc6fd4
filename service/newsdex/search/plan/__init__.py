"""From a syntax tree to the nodes that the index runs."""
