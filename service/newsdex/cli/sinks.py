"""`newsdex sink`: what has become of articles, for other services and stores."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from newsdex.cli.run import run_process
from newsdex.errors import Misconfigured
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


@app.command()
def opensearch(
    url: Annotated[
        str | None,
        typer.Argument(
            help="https://HOST:9200/ALIAS, several hosts parted by commas; else NEWSDEX_SINK_URL, which no list of "
            "processes shows.",
            show_default=False,
        ),
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option(help="A JSON file of settings and mappings, instead of ours; another one has a new index made."),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make a new index beside the one that serves, and swap them.")
    ] = False,
) -> None:
    """Keep an index of OpenSearch as the archive is, under an alias that readers search.

    It has what is shown and nothing else, at each article's hour. Where there is no such index, or another mapping is
    given, one is made beside it and takes the alias once it lacks nothing. It reads the data folder.
    """
    try:
        from newsdex.archive.reader import ArchiveReader  # noqa: PLC0415 - what only asks must not wait for it
        from newsdex.sink.opensearch.address import read_address  # noqa: PLC0415 - see above
        from newsdex.sink.opensearch.definition import read_definition  # noqa: PLC0415 - see above
        from newsdex.sink.opensearch.sink import OpenSearchSink  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise Misconfigured("sink_not_installed", f"{error.name} is missing: pip install 'newsdex[sink]'") from error
    from newsdex.sink.process import SinkProcess  # noqa: PLC0415 - see above

    def serve(settings: Settings) -> None:
        given = settings.sink_url.get_secret_value() if settings.sink_url else ""
        address, definition = read_address(given, settings.sink_tls_ca), read_definition(index)

        def make(_: Settings, archive: ArchiveReader, __: object) -> OpenSearchSink:
            return OpenSearchSink(address, archive, definition, rebuild=rebuild)

        asyncio.run(SinkProcess(settings, "opensearch", make).run())

    run_process("sink", serve, sink_url=url)


def add_to(parent: typer.Typer) -> None:
    """Add the commands to the others."""
    parent.add_typer(app)
