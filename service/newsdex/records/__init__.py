"""The frozen values that pass between ingest, archive, index and search."""
