"""Lets `python -m newsdex` start the same program as the `newsdex` command."""

from newsdex.cli import main

main()
