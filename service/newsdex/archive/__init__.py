"""The archive: the durable truth that the index is made from."""
