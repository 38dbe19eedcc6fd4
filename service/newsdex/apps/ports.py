"""Chooses the ports of `newsdex up`: the usual ones where they are free, and the same from start to start."""

import json
from collections.abc import Mapping
from pathlib import Path

from newsdex.host.children import free_port, is_free
from newsdex.host.durable import replace_durably

FILE_NAME = "ports.json"
USUAL = {"broker": 4222, "gateway": 8080}


def choose_ports(data_dir: Path, wanted: Mapping[str, int | None]) -> dict[str, int]:
    """Return a port for each name, and remember those that nobody asked for.

    A number is taken as it is, and 0 is any free port. None is the port that the data folder had last, else the usual
    one, else a free one.
    """
    last = last_ports(data_dir)
    chosen: dict[str, int] = {}
    for name, port in wanted.items():
        candidates = [last.get(name, 0), USUAL[name]] if port is None else [port]
        free = (one for one in candidates if one and (port or (is_free(one) and one not in chosen.values())))
        chosen[name] = next(free, 0) or free_port()
    kept = last | {name: port for name, port in chosen.items() if wanted[name] is None}
    if kept != last:
        replace_durably(data_dir / FILE_NAME, json.dumps(kept))
    return chosen


def last_ports(data_dir: Path) -> dict[str, int]:
    """Return the ports that a data folder had last."""
    try:
        found = json.loads((data_dir / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: port for name, port in found.items() if isinstance(port, int)} if isinstance(found, dict) else {}
