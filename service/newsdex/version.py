"""Tells which newsdex this is."""

from functools import cache
from importlib.metadata import version


@cache
def newsdex_version() -> str:
    """Return the version of the installed distribution."""
    return version("newsdex")
