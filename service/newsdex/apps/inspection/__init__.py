"""What became of events and articles, read from the data folder."""
