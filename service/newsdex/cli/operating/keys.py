"""`newsdex keys`: who may do what over HTTP."""

from typing import Annotated

import typer
from rich.markup import escape

from newsdex.api_keys import SCOPES, add_key, keys_file, read_keys, revoke_key
from newsdex.cli.console import err, out
from newsdex.errors import Invalid
from newsdex.settings import load_settings

MAX_NAME_CHARS = 64

app = typer.Typer(name="keys", help="Make, list and revoke keys of the HTTP gateway.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="What the key is called, such as `cms`; logs say it.")]


def add_to(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app)


@app.command()
def add(
    name: Name,
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="search, publish or operate; repeat for several.")
    ] = None,
) -> None:
    """Make a key, and print it once: only its digest is kept.

    Example: newsdex keys add cms --scope publish
    """
    if not name.isprintable() or not 0 < len(name) <= MAX_NAME_CHARS:
        raise Invalid("malformed_text", f"a key's name has 1 to {MAX_NAME_CHARS} characters that can be shown")
    chosen = scopes or ["search"]
    for scope in chosen:
        if scope not in SCOPES:
            raise Invalid("not_allowed", f"--scope: one of {', '.join(SCOPES)}", "--scope")
    secret = add_key(keys_file(load_settings()), name, [scope for scope in SCOPES if scope in chosen])
    typer.echo(secret)
    err.print("[dim]keep it now, it cannot be shown again; send it as “Authorization: Bearer KEY”[/]", soft_wrap=True)


@app.command("list")
def list_() -> None:
    """List the keys: their names, what they may do, and since when.

    Example: newsdex keys list
    """
    for key in read_keys(keys_file(load_settings())):
        out.print(f"[bold]{escape(key.name)}[/] {', '.join(key.scopes)} [dim]since {key.created_at}[/]", soft_wrap=True)


@app.command()
def revoke(name: Name) -> None:
    """Let a key open nothing any more, at once.

    Example: newsdex keys revoke cms
    """
    revoke_key(keys_file(load_settings()), name)
    out.print(f"revoked: {escape(name)}", soft_wrap=True)
