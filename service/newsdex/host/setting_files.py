"""Secrets in files, as Docker's secrets and systemd's credentials are: `NEWSDEX_<NAME>_FILE` names one."""

from collections.abc import Mapping
from pathlib import Path

from newsdex.errors import Misconfigured

FROM_FILES = ("broker_url", "broker_user", "broker_password", "broker_token", "relay_url", "sink_url")
"""The settings that a file may hold."""


def file_variable(name: str) -> str:
    """Return the variable that names the file of a setting."""
    return f"NEWSDEX_{name.upper()}_FILE"


def read_setting_files(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that files hold, without the line's end; raise `Misconfigured` naming the variable.

    A file and a variable at once is refused: nobody could tell which one counts.
    """
    found: dict[str, str] = {}
    for name in FROM_FILES:
        variable = file_variable(name)
        path = environment.get(variable)
        if not path:
            continue
        if environment.get(f"NEWSDEX_{name.upper()}"):
            raise Misconfigured("invalid_setting", f"{variable}: NEWSDEX_{name.upper()} is set too, unset one of them")
        found[name] = _read(Path(path), variable)
    return found


def _read(path: Path, variable: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise Misconfigured("invalid_setting", f"{variable}: {path.absolute()} is no text in UTF-8") from error
    except OSError as error:
        raise Misconfigured("invalid_setting", f"{variable}: {path.absolute()}: {error.strerror}") from error
    if not text:
        raise Misconfigured("invalid_setting", f"{variable}: {path.absolute()} is empty")
    return text
