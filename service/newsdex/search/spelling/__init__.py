"""Other spellings of a query's words."""
