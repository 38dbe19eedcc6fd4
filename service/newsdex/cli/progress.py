"""Shows how far long work has come."""

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

from newsdex.cli.console import err


def progress() -> Progress:
    """Return a bar with a rate for long work; nothing is drawn where nobody watches."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), _Rate(), TimeElapsedColumn())
    return Progress(*columns, console=err, disable=not err.is_terminal, transient=True)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Return the things done in a second."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")
