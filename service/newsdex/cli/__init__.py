"""The command line, `newsdex`: reads arguments, shows results; what it shows comes from `apps`."""

import sys
from typing import Annotated

import typer

from newsdex.cli.console import give_up_output, out, show_error, survive_encodings
from newsdex.cli.lazy_group import LazyGroup
from newsdex.errors import NewsdexError
from newsdex.host.private import write_for_owner_only

INTERRUPTED = 130
BROKEN_PIPE = 141
"""As a shell tells of a program that SIGPIPE ended."""


def _show_version(*, wanted: bool) -> None:
    if wanted:
        from newsdex.version import newsdex_version  # noqa: PLC0415 - reads the packages' metadata, for this only

        out.print(f"newsdex {newsdex_version()}")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup,
    help="Index published articles from events, and search them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command; failures that have a code end in one line and that kind's exit code."""
    write_for_owner_only()
    survive_encodings()
    try:
        typer.main.get_command(app)()
    except NewsdexError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `head` has what it wants
        give_up_output()
        sys.exit(BROKEN_PIPE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
