"""Every line of a log is one JSON object with a name that is declared, and without what people wrote."""

import ast
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import pytest
import structlog
from tests.conftest import ROOT

import newsdex
from jsonschema import Draft202012Validator
from newsdex.log import EVENTS, FIRST_KEYS, configure_logging, faststream_logger
from newsdex.records.events import Outcome
from newsdex.settings import load_settings

MARK = "kestrel-7c1"
"""Stands in for a query or an article's text."""
LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.access", "httpx")
Configured = Callable[..., Callable[[], str]]


@pytest.fixture
def configured(capsys: pytest.CaptureFixture[str]) -> Iterator[Configured]:
    """Return a function that configures logging for a process `tests` and gives what is printed since, when called.

    It is for the test to call: the streams of a fixture's time are closed then. What configuring changes for the
    whole process is put back.
    """
    loggers = [logging.getLogger(name) for name in (None, *LIBRARIES)]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]

    def configure(**settings: str) -> Callable[[], str]:
        configure_logging(load_settings(**settings), "tests")
        return lambda: capsys.readouterr().out

    yield configure
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def read(printed: Callable[[], str]) -> list[dict[str, Any]]:
    """Return the lines of a log in JSON."""
    return [json.loads(line) for line in printed().splitlines()]


def fail() -> None:
    query = MARK
    raise RuntimeError(f"a query of {len(query)} characters")


# The form of a line


def test_a_line_begins_with_what_a_reader_looks_for_first(configured: Configured) -> None:
    printed = configured(log_format="json")
    structlog.get_logger().info("event.accepted", article_id="a", sequence=1)
    (line,) = read(printed)

    assert [*FIRST_KEYS, "article_id", "sequence", "instance", "version"] == list(line)
    assert ("info", "tests", "event.accepted") == (line["level"], line["process"], line["event"])
    assert (f"{socket.gethostname()}:{os.getpid()}", version("newsdex")) == (line["instance"], line["version"])


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_line_is_one_system_call_so_that_processes_can_share_a_log(unbuffered: str) -> None:
    """On a socket of packets each write is a packet of its own."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    program = """if True:
        import structlog
        from newsdex.log import configure_logging, faststream_logger
        from newsdex.settings import load_settings
        configure_logging(load_settings(log_format="json"), "tests")
        structlog.get_logger().info("process.ready", padding="x" * 20_000)
        faststream_logger().warning("a library's line")
    """
    with ours, theirs:
        environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        subprocess.run([sys.executable, "-c", program], stdout=theirs, env=environment, check=True)
        theirs.close()
        packets = [json.loads(ours.recv(1 << 20)) for _ in range(2)]
        after = ours.recv(1 << 20)

    assert (["process.ready", "faststream"], b"") == ([packet["event"] for packet in packets], after)


def test_a_lines_time_is_in_utc(configured: Configured) -> None:
    printed = configured(log_format="json")
    structlog.get_logger().info("process.ready")
    at = datetime.fromisoformat(read(printed)[0]["timestamp"])

    assert timedelta() == at.utcoffset()
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)


def test_a_line_from_a_thread_names_the_process_too(configured: Configured) -> None:
    """A thread has no context of its own; the archive is written in one."""
    printed = configured(log_format="json")
    thread = threading.Thread(target=lambda: structlog.get_logger().info("batch.committed"))
    thread.start()
    thread.join()
    (line,) = read(printed)

    assert ("tests", "batch.committed") == (line.get("process"), line["event"])


def test_a_value_that_json_cannot_write_is_written_as_its_text(configured: Configured) -> None:
    printed = configured(log_format="json")
    structlog.get_logger().info("process.started", data_dir=Path("x"), wanted={1})
    (line,) = read(printed)

    assert (repr(Path("x")), "{1}") == (line["data_dir"], line["wanted"])


def test_the_level_is_a_bound_for_every_logger(configured: Configured) -> None:
    printed = configured(log_format="json", log_level="WARNING")
    structlog.get_logger().info("process.ready")
    logging.getLogger("anything").info("calm")

    assert "" == printed()


def test_a_librarys_line_has_the_same_form(configured: Configured) -> None:
    printed = configured(log_format="json")
    logging.getLogger("anything").warning("the %s is late", "ferry")
    (line,) = read(printed)

    assert list(FIRST_KEYS) == list(line)[:4]
    assert {"level": "warning", "process": "tests", "event": "library"}.items() <= line.items()
    assert ("the ferry is late", "anything") == (line["message"], line["logger"])


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_librarys_line_of_a_request_comes_once_and_not_below_warning(configured: Configured, name: str) -> None:
    printed = configured(log_format="json")
    logging.getLogger(name).info("GET /live")
    logging.getLogger(name).warning("slow")

    assert ["slow"] == [line["message"] for line in read(printed)]


def test_faststreams_line_says_what_it_is_about(configured: Configured) -> None:
    printed = configured(log_format="json")
    extra = {"subject": "search.query", "queue": "searchers", "stream": "", "message_id": "m-1"}
    faststream_logger().info("Received", extra=extra)
    (line,) = read(printed)

    assert list(FIRST_KEYS) == list(line)[:4]
    assert ("faststream", "Received") == (line["event"], line["message"])
    assert ("search.query", "searchers", "m-1") == (line["subject"], line["queue"], line["message_id"])
    assert "stream" not in line


@pytest.mark.parametrize("log_format", ["json", "pretty"])
@pytest.mark.parametrize("of_ours", [True, False], ids=["ours", "library"])
def test_an_exception_is_told_without_local_variables(configured: Configured, log_format: str, of_ours: bool) -> None:
    """They hold articles and queries."""
    printed = configured(log_format=log_format)
    try:
        fail()
    except RuntimeError:
        if of_ours:
            structlog.get_logger().exception("process.failed", code="internal_error")
        else:
            logging.getLogger("anything").exception("it failed")
    out = printed()

    assert "RuntimeError" in out
    assert "a query of 11 characters" in out
    assert MARK not in out


def test_an_exception_is_one_line_of_json(configured: Configured) -> None:
    printed = configured(log_format="json")
    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("process.failed", code="internal_error")
    (line,) = read(printed)

    assert "RuntimeError" == line["exception"][0]["exc_type"]
    assert "fail" == line["exception"][0]["frames"][-1]["name"]


def test_a_pretty_log_is_for_people(configured: Configured) -> None:
    printed = configured(log_format="pretty")
    structlog.get_logger().info("process.ready")
    out = printed()

    assert "process.ready" in out
    assert not out.startswith("{")


# The names of lines

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
BY_ARGUMENT = {"problem_reply"}
"""Functions that log under a name that their callers give."""


def texts(name: ast.expr) -> set[str]:
    """Return every event name that an expression can stand for."""
    if isinstance(name, ast.Constant):
        return {str(name.value)}
    if isinstance(name, ast.IfExp):
        return texts(name.body) | texts(name.orelse)
    if isinstance(name, ast.JoinedStr):
        assert 'f"event.{result.outcome}"' == ast.unparse(name).replace("'", '"')
        return {f"event.{outcome}" for outcome in get_args(Outcome)}
    raise AssertionError(f"no event name can be told from {ast.unparse(name)}")


def is_logging(call: ast.Call) -> bool:
    """Tell `log.info`, `structlog.get_logger().info`, and `level` where it stands for one of log's methods."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "level"
    if not isinstance(function, ast.Attribute) or function.attr not in LEVELS:
        return False
    return ast.unparse(function.value) in {"log", "structlog.get_logger()"}


def logged_in(tree: ast.AST) -> set[str]:
    """Return the event names of one module."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and is_logging(node):
            name = node.args[0]
            if not (isinstance(name, ast.Name) and name.id == "event"):  # the argument of those in `BY_ARGUMENT`
                names |= texts(name)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in BY_ARGUMENT:
            names |= texts(node.args[2])
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "event['event']":
            names |= texts(node.value)
    return names


def test_every_line_that_is_logged_is_declared_and_the_other_way_round() -> None:
    modules = Path(newsdex.__file__).parent.rglob("*.py")
    logged = {name for module in modules for name in logged_in(ast.parse(module.read_text(encoding="utf-8")))}

    assert set(EVENTS) == logged


def test_the_schema_of_a_line_names_every_event_and_no_other() -> None:
    schema = json.loads((ROOT / "deploy" / "logs" / "log-line.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)

    assert list(EVENTS) == schema["properties"]["event"]["enum"]


def test_lnav_reads_the_lines_with_our_format(tmp_path: Path) -> None:
    lnav = shutil.which("lnav")
    if lnav is None:
        pytest.skip("no lnav: it comes with Debian's package of that name")
    line = {
        "timestamp": "2026-11-28T03:55:34.992464Z", "level": "warning", "process": "indexer", "event": "event.parked",
        "instance": "host:1", "version": "0.1.0", "correlation_id": "abc", "code": "empty_text",
    }  # fmt: skip
    log = tmp_path / "newsdex.log"
    log.write_text(f"{json.dumps(line)}\n", encoding="utf-8")
    format_file = ROOT / "deploy" / "logs" / "newsdex.lnav.json"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    subprocess.run([lnav, "-i", str(format_file)], env=environment, check=True, capture_output=True)
    query = ";select log_level || ' ' || log_body || ' ' || code || ' ' || correlation_id as read from newsdex_log"
    done = subprocess.run([lnav, "-n", "-c", query, str(log)], env=environment, check=True, capture_output=True)

    assert "read warning event.parked empty_text abc" == " ".join(done.stdout.decode().split())
