"""Brings events from other buses, and from an outbox table, into the stream."""
