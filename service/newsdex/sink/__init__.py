"""Brings the archive's changes out of newsdex: into an event stream, and into OpenSearch."""
