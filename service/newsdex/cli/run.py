"""`newsdex up`, `indexer`, `searcher`, `gateway` and `relay`: the processes that serve.

Their modules are imported where they are used: the commands that only ask something start three times faster without.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Annotated

import structlog
import typer

from newsdex.errors import Misconfigured, NewsdexError
from newsdex.host.private import tighten
from newsdex.log import configure_logging
from newsdex.settings import Settings, load_settings, unknown_variables


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, indexer, searcher, gateway, relay):
        app.command()(command)


def run_process(process: str, serve: Callable[[Settings], None], **given: int | str | None) -> None:
    """Run a process; the log gets the error that ends it, the caller its exit code."""
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    configure_logging(settings, process)
    for name, suggestion in unknown_variables(os.environ).items():
        structlog.get_logger().warning("setting.unknown", name=name, suggestion=suggestion)
    _tighten(settings)
    try:
        serve(settings)
    except NewsdexError as error:
        structlog.get_logger().error("process.failed", code=error.code, error=error.message)
        raise typer.Exit(error.exit_code) from error


def _tighten(settings: Settings) -> None:
    """Close a data folder that others may enter: made by hand, copied, or by an older newsdex."""
    log = structlog.get_logger()
    closed, still_open = tighten(settings.data_dir)
    if closed:
        log.warning("data_dir.tightened", data_dir=str(settings.data_dir), closed=closed)
    if still_open:
        log.warning("data_dir.open_to_others", paths=[str(path) for path in still_open[:10]], number=len(still_open))


def up(
    port: Annotated[int | None, typer.Option(help="Port of the embedded broker.", min=1, max=65535)] = None,
    searchers: Annotated[int | None, typer.Option(help="How many searchers to run.", min=1, max=64)] = None,
) -> None:
    """Run everything on this machine: an embedded NATS server, the indexer and searchers."""
    from newsdex.apps.up import Supervisor  # noqa: PLC0415 - see above

    run_process("up", lambda settings: Supervisor(settings).run(), broker_port=port, searchers=searchers)


def indexer() -> None:
    """Run the indexer: takes events into the archive and the index. One for each data folder."""
    from newsdex.apps.indexer.process import Indexer  # noqa: PLC0415 - see above

    run_process("indexer", lambda settings: asyncio.run(Indexer(settings).run()))


def searcher() -> None:
    """Run a searcher: answers queries. Any number of them share the work."""
    from newsdex.apps.searcher.process import Searcher  # noqa: PLC0415 - see above

    run_process("searcher", lambda settings: asyncio.run(Searcher(settings).run()))


def gateway() -> None:
    """Run the gateway: HTTP, for programs and browsers. It needs the broker only."""
    try:
        import uvloop  # noqa: PLC0415 - see above

        from newsdex.gateway.process import Gateway  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise Misconfigured("http_not_installed", f"{error.name} is missing: pip install 'newsdex[http]'") from error

    def serve(settings: Settings) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(Gateway(settings).run())

    run_process("gateway", serve)


def relay(
    url: Annotated[
        str | None,
        typer.Argument(
            help="kafka://HOST/TOPIC, amqp://HOST/VHOST?queue=NAME, redis://HOST?stream=NAME, or "
            "postgresql://HOST/DATABASE?table=NAME, an outbox table; else NEWSDEX_RELAY_URL, which no list of "
            "processes shows.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Bring events from Kafka, RabbitMQ, a Redis stream or PostgreSQL's outbox table into the stream, until stopped.

    An event is acknowledged there once our broker has it.
    """
    from newsdex.relay.address import open_address  # noqa: PLC0415 - see above
    from newsdex.relay.relay import Relay  # noqa: PLC0415 - see above

    def serve(settings: Settings) -> None:
        given = settings.relay_url.get_secret_value() if settings.relay_url else ""
        asyncio.run(Relay(settings, open_address(given)).run())

    run_process("relay", serve, relay_url=url)
