"""Tells commands where the gateway listens that `newsdex up` runs."""

import json
from pathlib import Path

from newsdex.host.durable import replace_durably

FILE_NAME = "gateway.json"


def write_gateway_address(data_dir: Path, url: str) -> None:
    """Tell other processes on this machine."""
    replace_durably(data_dir / FILE_NAME, json.dumps({"url": url}))


def forget_gateway_address(data_dir: Path) -> None:
    """Take the address back; there may be none."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)


def gateway_url(data_dir: Path) -> str | None:
    """Return the address; None where no gateway runs on the data folder."""
    try:
        url = json.loads((data_dir / FILE_NAME).read_text(encoding="utf-8"))["url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(url)
