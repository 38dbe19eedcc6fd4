"""Where the commands write: results to standard output, everything else to standard error."""

import os
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.text import Text

from newsdex.errors import Invalid, NewsdexError
from newsdex.visible import visible, visible_json


class VisibleConsole(Console):
    """A console that shows a publisher's control characters instead of obeying them."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text to print, before what rich itself would drop of it is dropped."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Return what is printed of anything; only rich's own controls stay controls."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Leave it to the command to end."""
        raise BrokenPipeError

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        """Return what is written; into a pipe without the spaces that fill lines up on a terminal."""
        text = super()._render_buffer(buffer)
        return text if self.is_terminal else re.sub(r" +(?=\n)", "", text)


out = VisibleConsole(highlight=False)
if not out.is_terminal:
    out.width = 160  # a pipe has no width; 80 columns would cut what people grep for

err = VisibleConsole(stderr=True, highlight=False)


def survive_encodings() -> None:
    """Have what an output's encoding does not have come out as escapes, rather than end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up_output() -> None:
    """Leave nothing that Python would try to write at the end, and complain that it cannot."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_json(value: bytes) -> None:
    """Write one line of JSON to standard output."""
    sys.stdout.buffer.write(visible_json(value.decode()).encode() + b"\n")


def show_error(error: NewsdexError) -> None:
    """Say what is wrong, where, and its code."""
    place = f" at {error.place}" if isinstance(error, Invalid) and error.place else ""
    err.print(f"[bold red]newsdex:[/] {escape(error.message)}{escape(place)} [dim]({error.code})[/]", soft_wrap=True)


def moment(stamp_us: int) -> str:
    """Return a moment in microseconds since 1970 as people read it, UTC."""
    return datetime.fromtimestamp(stamp_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
