"""Where the embedded broker listens can be read at any moment."""

import threading
from pathlib import Path

import pytest

from newsdex.broker.address import ADDRESS_FILE, broker_url, forget_address, write_address
from newsdex.errors import Unavailable
from newsdex.settings import Settings

WRITES = 500


def test_a_process_that_starts_while_the_address_is_written_reads_the_old_or_the_new_one(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    urls = [f"nats://127.0.0.1:{port}" for port in (4222, 4223)]
    write_address(tmp_path, urls[0], "http://127.0.0.1:8222")
    done = threading.Event()

    def write() -> None:
        for number in range(WRITES):
            write_address(tmp_path, urls[number % 2], "http://127.0.0.1:8222")
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    read = set()
    while not done.is_set():
        read.add(broker_url(settings))
    thread.join()

    assert read <= set(urls)


@pytest.mark.parametrize("text", [None, "", "{"], ids=["absent", "empty", "broken"])
def test_without_an_address_there_is_no_broker(tmp_path: Path, text: str | None) -> None:
    forget_address(tmp_path)
    if text is not None:
        (tmp_path / ADDRESS_FILE).write_text(text)
    with pytest.raises(Unavailable) as fault:
        broker_url(Settings(data_dir=tmp_path))

    assert "no_broker" == fault.value.code
