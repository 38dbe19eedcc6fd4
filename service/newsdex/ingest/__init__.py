"""From bytes on the broker to an outcome in the archive."""
