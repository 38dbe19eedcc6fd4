"""The evaluation of a query on arrays, through all segments of a commit."""
