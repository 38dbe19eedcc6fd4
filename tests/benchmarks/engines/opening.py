"""Makes engines by name, so that a process loads no other engine than its own."""

from importlib import import_module
from pathlib import Path

from tests.benchmarks.engines.protocol import Engine

CLASSES = {
    "newsdex": "newsdex_engine.NewsdexEngine",
    "tantivy": "tantivy_engine.TantivyEngine",
    "whoosh": "whoosh_engine.WhooshEngine",
    "fts5": "fts5_engine.Fts5Engine",
}


def engine_in(name: str, root: Path) -> Engine:
    """Return an engine with a folder of its own below `root`."""
    module, class_ = CLASSES[name].split(".")
    made: Engine = getattr(import_module(f"tests.benchmarks.engines.{module}"), class_)(root / name)
    return made
