"""The query language: from the text of a query to its syntax tree, and back."""
