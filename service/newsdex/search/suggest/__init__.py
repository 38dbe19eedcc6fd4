"""Suggestions while someone is typing."""
