"""The broker: connecting, streams, and the embedded server."""
