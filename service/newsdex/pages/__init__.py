"""Reads what HTML pages and their metadata state about an article: pure, whatever the bytes."""
