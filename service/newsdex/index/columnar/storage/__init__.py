"""The files of a segment and of a commit, as FORMAT.md describes them."""
