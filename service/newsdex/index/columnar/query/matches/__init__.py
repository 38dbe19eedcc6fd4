"""What is made of all that a query matches: an order of hits, one version of each story, counts."""
