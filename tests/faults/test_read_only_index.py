"""A searcher needs no right to write the index: its folder may be mounted read-only."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.integration.running import Running, Service, until

IN_A_NAMESPACE = ["unshare", "--mount", "sh", "-c"]
"""Runs a shell script with mounts of its own."""
READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"'


@contextmanager
def searcher_with_read_only_index(service: Service, log: Path) -> Iterator[Running]:
    """Run a searcher with a view of the file system of its own; the other processes write the index as before."""
    index = str(service.data_dir / "index")
    script = f'{READ_ONLY} && ! touch "$1/written" && exec "$2" -m newsdex searcher'
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*IN_A_NAMESPACE, script, "sh", index, sys.executable],
            env=service.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(process=process, log=log, name="searcher")
    try:
        yield running.wait_until_ready()
    finally:
        running.stop()


def test_a_searcher_answers_and_follows_commits_where_it_cannot_write_the_index(own: Service, tmp_path: Path) -> None:
    command = [*IN_A_NAMESPACE, READ_ONLY, "sh", str(tmp_path)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    with own.process("up") as up:
        up.wait_until_ready()
        own.run("publish", "--wait", "-", stdin=b'{"id": "heron-1", "title": "A heron on the quay"}')
        with searcher_with_read_only_index(own, tmp_path / "read-only.log") as searcher:
            own.run("publish", "--wait", "-", stdin=b'{"id": "heron-2", "title": "Another heron"}')

            def answered() -> bool:
                """Ask until this one of the two searchers was asked, who share the work."""
                assert ["heron-1", "heron-2"] == sorted(own.found("heron"))
                return bool(searcher.events("query.answered"))

            until(answered, 60, "the searcher with the read-only index answers")
            hits = {line["hits"] for line in searcher.events("query.answered")}
            refused = searcher.events("query.refused")

    assert ({2}, []) == (hits, refused)
    assert "Read-only file system" in searcher.log.read_text(encoding="utf-8")
