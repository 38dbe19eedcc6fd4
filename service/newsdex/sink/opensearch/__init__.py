"""Keeps an index of OpenSearch as the archive is, and makes a new one beside it where it has to be another one."""
