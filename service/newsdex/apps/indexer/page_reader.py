"""A process that reads scraped pages for the indexer: what a page does to it, it does to no other event.

The indexer sends messages and gets what was read off them, as frames on standard input and output. Each frame is a
length of four bytes and that many bytes; nothing is pickled, for pages are read by C that their bytes may break.
"""

import base64
import contextlib
import os
import resource
import signal
import sys
from dataclasses import asdict
from typing import BinaryIO

import orjson

from newsdex.host.children import die_with_parent
from newsdex.ingest.handle import read_delivery
from newsdex.records.events import Delivery, Fault, ReceivedEvent
from newsdex_schemas import Article

LENGTH_BYTES = 4
READY = b"ready"
MIB = 1024 * 1024


def main() -> None:
    """Have pages read until the indexer closes the pipe; the arguments are seconds of CPU a page, and MiB of memory.

    A fork reads them, which has the libraries from the start: where a page ends it, the next one is there at once.
    """
    cpu_s, memory_mib = float(sys.argv[1]), int(sys.argv[2])
    die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to all processes of a service; the indexer decides
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(ImportError):  # whoever has no pages to read as HTML needs no libraries for them
        import newsdex.pages.article  # noqa: F401, PLC0415 - as above
    replies = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no reply
    _write(replies, READY)
    while _ended_by_page(cpu_s, memory_mib, replies):
        _write(replies, encode_reply(too_costly(cpu_s, memory_mib)))


def _ended_by_page(cpu_s: float, memory_mib: int, replies: BinaryIO) -> bool:
    """Read pages in a fork until it ends; return whether a page ended it."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    die_with_parent(signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mib * MIB, memory_mib * MIB))
    requests = sys.stdin.buffer
    while (attributes := _read(requests)) is not None:
        body = _read(requests)
        assert body is not None
        signal.setitimer(signal.ITIMER_PROF, cpu_s)  # its signal ends the process, in the middle of C, too
        reply = encode_reply(read_delivery(Delivery(**orjson.loads(attributes), body=body)))
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(replies, reply)
    os._exit(0)


def too_costly(cpu_s: float, memory_mib: int) -> Fault:
    """Return why a page is parked whose process did not answer."""
    message = (
        f"reading the page took more than {cpu_s:g} s of CPU (NEWSDEX_PAGES_CPU_S) or"
        f" {memory_mib} MiB of memory (NEWSDEX_PAGES_MEMORY_MIB), or ended its process"
    )
    return Fault(code="page_too_costly", message=message, place="data.html")


def encode_request(delivery: Delivery) -> bytes:
    """Write a delivery as the two frames that the process reads."""
    attributes = {
        "subject": delivery.subject,
        "headers": dict(delivery.headers),
        "stream_sequence": delivery.stream_sequence,
        "stored_us": delivery.stored_us,
        "deliveries": delivery.deliveries,
        "correlation_id": delivery.correlation_id,
    }
    return _frame(orjson.dumps(attributes)) + _frame(delivery.body)


def encode_reply(read: ReceivedEvent | Fault) -> bytes:
    """Write what was read as JSON."""
    if isinstance(read, Fault):
        return orjson.dumps({"fault": asdict(read)})
    event = {name: getattr(read, name) for name in ReceivedEvent.__dataclass_fields__ if name != "article"}
    page = None if read.page is None else base64.b64encode(read.page).decode()
    texts = {"content": read.content.decode(), "fingerprint": read.fingerprint.hex(), "page": page}
    return orjson.dumps({"event": event | texts})


def decode_reply(reply: bytes) -> ReceivedEvent | Fault:
    """Read what the process wrote; raises `ValueError` where that is no reply."""
    value = orjson.loads(reply)
    if "fault" in value:
        return Fault(**value["fault"])
    event = value["event"]
    content = event["content"].encode()
    return ReceivedEvent(**{
        **event,
        "content": content,
        "addresses": tuple(event["addresses"]),
        "fingerprint": bytes.fromhex(event["fingerprint"]),
        "page": None if event["page"] is None else base64.b64decode(event["page"]),
        "article": Article.model_validate_json(content) if content else None,
    })  # fmt: skip


def _frame(content: bytes) -> bytes:
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


def _write(stream: BinaryIO, content: bytes) -> None:
    stream.write(_frame(content))
    stream.flush()


def _read(stream: BinaryIO) -> bytes | None:
    length = stream.read(LENGTH_BYTES)
    return stream.read(int.from_bytes(length, "big")) if length else None


if __name__ == "__main__":
    main()
