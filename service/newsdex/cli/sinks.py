"""`newsdex sink`: what has become of articles, for other services and stores."""

import asyncio

import typer

from newsdex.cli.run import run_process
from newsdex.settings import Settings

app = typer.Typer(
    name="sink", help="Hand what becomes of articles on to other services, until stopped.", no_args_is_help=True
)


@app.command()
def nats() -> None:
    """Tell on the broker what becomes of articles, without their texts: `article.changed.v1` on `articles.changed`.

    It begins with what changes after its first start, and loses nothing from then on. It reads the data folder.
    """
    from newsdex.sink.changes_stream import ChangesStream  # noqa: PLC0415 - what only asks must not wait for it
    from newsdex.sink.process import SinkProcess  # noqa: PLC0415 - see above

    def serve(settings: Settings) -> None:
        asyncio.run(SinkProcess(settings, "nats", ChangesStream).run())

    run_process("sink", serve)


def add_to(parent: typer.Typer) -> None:
    """Add the commands to the others."""
    parent.add_typer(app)
