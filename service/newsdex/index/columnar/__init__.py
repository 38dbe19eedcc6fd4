"""Whoosh's index held in arrays: our codec, writer and query execution inside Whoosh's extension points."""
