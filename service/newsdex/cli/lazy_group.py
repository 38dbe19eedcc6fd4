"""The list of commands; the module of one is imported when it is chosen, so that none waits for what others need."""

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple, cast

import typer
from typer.core import TyperCommand, TyperGroup

from newsdex.cli.examples import show_examples


class Listed(NamedTuple):
    """What the list of commands shows of one, and the module in this package that adds it."""

    module: str
    help: str


COMMANDS = {
    "up": Listed("run", "Run everything on this machine: an embedded NATS server, the indexer and searchers."),
    "indexer": Listed("run", "Run the indexer: takes events into the archive and the index. One for each data folder."),
    "searcher": Listed("run", "Run a searcher: answers queries. Any number of them share the work."),
    "gateway": Listed("run", "Run the gateway: HTTP, for programs and browsers. It needs the broker only."),
    "relay": Listed(
        "run",
        "Bring events from Kafka, RabbitMQ, a Redis stream or PostgreSQL's outbox table into the stream, until"
        " stopped.",
    ),
    "sink": Listed("sinks", "Hand what becomes of articles on to other services, until stopped."),
    "env": Listed("env", "Print the addresses of the newsdex that runs on the data folder, as variables for a shell."),
    "publish": Listed("publishing.publish", "Publish articles, CloudEvents or scraped pages."),
    "get": Listed(
        "publishing.article",
        "Print an article as it is archived, JSON. Ends with 65 where none may be shown, 69 where nobody answers.",
    ),
    "withdraw": Listed("publishing.article", "Take articles out of search. What is published later shows them again."),
    "search": Listed("searching.search", "Search the published articles."),
    "suggest": Listed(
        "searching.suggest",
        "Complete the beginning of a query with titles, authors, tags and terms, also where it has a typing error.",
    ),
    "similar": Listed("searching.similar", "Find articles about the same as another one, by its significant words."),
    "why": Listed(
        "operating.inspect",
        "Tell everything the ledger knows of one article, how it stands now, and where a page's values were read.",
    ),
    "why-not": Listed("searching.why_not", "Tell why a search does not show an article, or at which rank it does."),
    "trace": Listed(
        "operating.trace",
        "Show the way of one event, article or query through the processes, with the time of each step.",
    ),
    "status": Listed(
        "operating.status", "Show how every part of the service is. Ends with 69 where something is not well."
    ),
    "check": Listed(
        "operating.upkeep",
        "Check every byte of index and archive, and that the two agree. Changes nothing; others may go on working.",
    ),
    "rebuild": Listed(
        "operating.upkeep",
        "Build the index anew from the archive, beside the one that serves, and let it serve once it is verified.",
    ),
    "rollback": Listed(
        "operating.upkeep",
        "Go back to the index that served before the last rebuild, once it has caught up with the archive.",
    ),
    "reprocess": Listed(
        "operating.reprocess",
        "Make articles once more of the scraped pages that are kept of them, such as after an upgrade.",
    ),
    "backup": Listed(
        "operating.upkeep",
        "Copy the archive as it is at one moment, with a manifest, while everything goes on. The index is made from"
        " it.",
    ),
    "restore": Listed(
        "operating.upkeep", "Put a backup into a data folder that has neither archive nor index; overwrites nothing."
    ),
    "redeliver": Listed(
        "operating.stream",
        "Have the broker deliver every event in the stream once more. What the archive has becomes a duplicate.",
    ),
    "articles": Listed("publishing.articles", "Write the archived articles out."),
    "parked": Listed("operating.parked", "Look at events that could not be handled, retry or drop them."),
    "keys": Listed("operating.keys", "Make, list and revoke keys of the HTTP gateway."),
    "stream": Listed("operating.stream", "Look how full the stream of events is, and make room in it."),
}


class LazyGroup(TyperGroup):
    """The commands of `newsdex`; its help needs none of their modules."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast("MutableMapping[str, Any]", _Commands())

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as Typer calls it
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002 - as Typer calls it
        """Return what the list shows of a command."""
        listed = COMMANDS.get(cmd_name)
        return TyperCommand(cmd_name, help=listed.help) if listed else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that was chosen, and its arguments."""
        name, listed, arguments = super().resolve_command(ctx, args)
        return name, listed and self.commands[listed.name or ""], arguments


class _Commands(Mapping[str, Any]):
    """Name → command, imported as it is looked up."""

    def __getitem__(self, name: str) -> Any:
        parent = typer.Typer()
        import_module(f"newsdex.cli.{COMMANDS[name].module}").add_to(parent)
        command = typer.main.get_group(parent).commands[name]
        show_examples(command, name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)
