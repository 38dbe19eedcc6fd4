"""The stream of events, looked after: as it should be, bounded, pruned, and gone on with after it was made anew."""
