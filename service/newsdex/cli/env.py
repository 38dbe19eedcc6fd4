"""`newsdex env`: what other programs need to reach a running newsdex."""

import os
import shlex

import typer

from newsdex.apps.gateway_address import gateway_url
from newsdex.broker.address import broker_url, monitoring_urls
from newsdex.host.setting_files import file_variable
from newsdex.settings import GATEWAY_URL, load_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(env)


def env() -> None:
    """Print the addresses of the newsdex that runs on the data folder, as variables for a shell.

    The broker's has its password: `eval "$(newsdex env)"` shows it to nobody. `NATS_URL` is for NATS' own tools.

    Ends with 69 where none runs.
    """
    settings = load_settings()
    variables = {
        "NEWSDEX_DATA_DIR": str(settings.data_dir.absolute()),
        "NEWSDEX_BROKER_URL": broker_url(settings),
        "NEWSDEX_BROKER_MONITORING_URL": ",".join(monitoring_urls(settings)),
        GATEWAY_URL: gateway_url(settings.data_dir),
        "NATS_URL": broker_url(settings),
    }
    if os.environ.get(named := file_variable("broker_url")):  # beside the variable itself it would be refused
        typer.echo(f"unset {named}")
    for name, value in variables.items():
        if value:
            typer.echo(f"export {name}={shlex.quote(value)}")
