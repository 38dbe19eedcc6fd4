"""Where the commands write: results to standard output, everything else to standard error."""

from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from newsdex.errors import Invalid, NewsdexError

out = Console(highlight=False)
if not out.is_terminal:
    out.width = 160  # a pipe has no width; 80 columns would cut what people grep for

err = Console(stderr=True, highlight=False)


def show_error(error: NewsdexError) -> None:
    """Say what is wrong, where, and its code."""
    place = f" at {error.place}" if isinstance(error, Invalid) and error.place else ""
    err.print(f"[bold red]newsdex:[/] {escape(error.message)}{escape(place)} [dim]({error.code})[/]", soft_wrap=True)


def moment(stamp_us: int) -> str:
    """Give a moment in microseconds since 1970 as people read it, UTC."""
    return datetime.fromtimestamp(stamp_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


def progress() -> Progress:
    """Give a bar with a rate for long work; nothing is drawn where nobody watches."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), _Rate(), TimeElapsedColumn())
    return Progress(*columns, console=err, disable=not err.is_terminal, transient=True)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Give the things done in a second."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")
