"""A rebuild of the running service: searches and events go on, a kill does not undo it, damage begins one by itself."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.faults.rebuilding import RESULT
from tests.faults.test_disk_full import publish
from tests.integration.running import Running, Service, until
from tests.scenarios.corpus import Corpus, stories

from newsdex.apps.client import Client, connected
from newsdex.errors import NewsdexError, Refused
from newsdex.index.generations.generations import serving
from newsdex.settings import Settings
from newsdex_schemas import EventRef, SearchRequest, channels
from newsdex_schemas.operations import IndexReply

pytestmark = pytest.mark.long

EVENTS = 400
PAUSE_S = 0.02
"""Between two searches, and ten times that between publications: the projector is the last to get the processor."""
WAIT_MS = 10_000


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Running]]:
    """Return a running service with articles enough for a rebuild that takes a while."""
    service = Service(data_dir=tmp_path_factory.mktemp("rebuild"))
    with service.process("up") as up:
        up.wait_until_ready()
        asyncio.run(publish(Settings(data_dir=service.data_dir), range(EVENTS)))
        until(lambda: status_of(service).position >= EVENTS, 120, "everything is in the index")
        yield service, up


def status_of(service: Service) -> IndexReply:
    async def ask() -> IndexReply:
        async with connected(Settings(data_dir=service.data_dir)) as client:
            return await client.index_status()

    return asyncio.run(ask())


def begun_in(status: IndexReply) -> str | None:
    """Return the generation that is being made, once it is begun."""
    return status.building.generation if status.building else None


def settled(service: Service) -> IndexReply | None:
    """Return how the index is, once nothing is being made ready; None while the indexer does not answer."""
    try:
        status = status_of(service)
    except NewsdexError:
        return None
    return status if status.building is None and status.generation else None


async def searched_until(client: Client, done: asyncio.Task[int]) -> tuple[Counter[str], list[int]]:
    """Search without a pause; give the codes of what failed, and the totals that were found."""
    codes, totals = Counter[str](), list[int]()
    while not done.done():
        try:
            totals.append((await client.search(SearchRequest(q="shared", timeout_ms=WAIT_MS))).total)
        except Refused as refused:
            codes[refused.code] += 1
        await asyncio.sleep(PAUSE_S)
    return codes, totals


def test_a_rebuild_goes_on_beside_events_and_searches_and_no_search_fails(filled: tuple[Service, Running]) -> None:
    service, _ = filled
    settings = Settings(data_dir=service.data_dir)
    before = serving(service.data_dir / "index").name

    async def scenario() -> tuple[Counter[str], list[int]]:
        async with connected(settings) as client:
            made = asyncio.create_task(asyncio.to_thread(lambda: service.run("rebuild").returncode))
            searching = asyncio.create_task(searched_until(client, made))
            number = EVENTS
            while not made.done():
                await publish(settings, range(number, number + 20))
                number += 20
                await asyncio.sleep(10 * PAUSE_S)
            assert await made == 0
            name = EventRef(source="nats", id=f"m-{number - 1}")
            await client.search(SearchRequest(wait_for=name, timeout_ms=WAIT_MS))
            return await searching

    codes, totals = asyncio.run(scenario())

    assert (Counter(), True) == (codes, len(totals) > 10)
    assert totals == sorted(totals), "what was searchable once stays so"
    assert totals[-1] > EVENTS
    assert before != serving(service.data_dir / "index").name
    assert 0 == service.run("check").returncode


def test_in_the_kept_run_no_query_failed_while_reuters_was_rebuilt() -> None:
    kept = json.loads(RESULT.read_text(encoding="utf-8"))

    assert (21_578, 100, 50) == (kept["articles"], kept["events_per_s"], kept["queries_per_s"])
    assert ({}, {}) == (kept["before"]["query_errors"], kept["during"]["query_errors"])
    assert "nothing is wrong" == kept["check"]


def test_a_rebuild_cut_off_by_a_kill_is_gone_on_with(filled: tuple[Service, Running]) -> None:
    service, up = filled
    begun = len(up.events("index.generation_started"))

    async def rebuild() -> None:
        async with connected(Settings(data_dir=service.data_dir)) as client:
            await client.rebuild_index()

    asyncio.run(rebuild())
    folder = until(lambda: begun_in(status_of(service)), 30, "a generation is being made")
    up.kill_child("indexer")
    status = until(lambda: settled(service), 120, "the generation serves")
    started = up.events("index.generation_started")[begun:]

    assert folder == status.generation
    assert [folder] * 2 == [line["generation"] for line in started]
    assert 0 == service.run("check").returncode


def test_rollback_goes_back_and_has_everything(filled: tuple[Service, Running]) -> None:
    service, _ = filled
    assert 0 == service.run("rebuild").returncode
    before, total = serving(service.data_dir / "index").name, service.search("shared", "--size", "0")["total"]
    done = service.run("rollback")

    assert (0, True) == (done.returncode, before != serving(service.data_dir / "index").name), done.stderr
    assert total == service.search("shared", "--size", "0")["total"]


def test_a_damaged_segment_that_a_search_meets_is_mended_without_an_operator(filled: tuple[Service, Running]) -> None:
    service, up = filled
    total = service.search("shared", "--size", "0")["total"]
    folder = serving(service.data_dir / "index")
    for path in folder.glob("*.cols"):
        content = bytearray(path.read_bytes())
        content[64:-4096:997] = bytes(255 - byte for byte in content[64:-4096:997])
        path.write_bytes(content)
    codes = Counter[str]()

    def mended() -> bool:
        done = service.run("search", "--json", "--size", "0", '"shared shared"', "--timeout-ms", str(WAIT_MS))
        reply = json.loads(done.stdout)
        codes[reply.get("code", "ok")] += 1
        return reply.get("total") == total and folder != serving(service.data_dir / "index")

    until(mended, 120, "searches find everything again")

    assert set() == set(codes) - {"ok", "index_damaged", "index_rebuilding"}
    assert [] != up.events("index.damaged")
    assert 0 == service.run("check").returncode


def test_a_search_waits_for_the_event_it_names(filled: tuple[Service, Running]) -> None:
    """Each event at once followed by a search that must find it."""
    service, _ = filled
    settings = Settings(data_dir=service.data_dir)

    async def scenario() -> list[bool]:
        found = []
        async with connected(settings) as client:
            for number in range(900_000, 900_020):
                await publish(settings, range(number, number + 1))
                request = SearchRequest(
                    q=f"title:{number}", wait_for=EventRef(source="nats", id=f"m-{number}"), timeout_ms=WAIT_MS
                )
                found.append([f"a-{number}"] == [hit.id for hit in (await client.search(request)).hits])
        return found

    assert [True] * 20 == asyncio.run(scenario())


def test_a_search_that_waits_for_what_does_not_come_hears_so_at_its_deadline(filled: tuple[Service, Running]) -> None:
    service, _ = filled
    start = time.monotonic()
    done = service.run("search", "--json", "--timeout-ms", "300", "--wait-for", "nats", "never")
    problem = json.loads(done.stdout)

    assert (69, "wait_timeout", True) == (done.returncode, problem["code"], problem["retryable"])
    assert time.monotonic() - start > 0.3


def test_a_search_that_waits_for_a_parked_event_hears_so_at_once(filled: tuple[Service, Running]) -> None:
    service, _ = filled

    async def scenario() -> str:
        async with connected(Settings(data_dir=service.data_dir)) as client:
            js = client._connection.jetstream()
            headers = {channels.MESSAGE_ID_HEADER: "unreadable"}
            await js.publish("articles.published", b"{", stream="ARTICLES", headers=headers)
            ref = EventRef(source="nats", id="unreadable")
            with pytest.raises(Refused) as raised:
                await client.search(SearchRequest(wait_for=ref, timeout_ms=WAIT_MS))
            return raised.value.code

    assert "event_parked" == asyncio.run(scenario())


def test_where_nothing_runs_the_command_itself_rebuilds(own: Service, filled: tuple[Service, Running]) -> None:
    """Nothing is needed but the data folder."""
    service, _ = filled
    assert 0 == service.run("backup", str(own.data_dir / "backup")).returncode
    assert 0 == own.run("restore", str(own.data_dir / "backup")).returncode
    first, second, back = own.run("rebuild"), own.run("rebuild"), own.run("rollback")

    assert [0, 0, 0] == [first.returncode, second.returncode, back.returncode], first.stderr + second.stderr
    assert "generation-000001" == serving(own.data_dir / "index").name
    assert 0 == own.run("check").returncode


def test_a_check_names_the_damaged_file_changes_nothing_and_a_rebuild_mends_it(own: Service) -> None:
    with Corpus(own.data_dir) as corpus:
        corpus.publish(*stories(*range(20)))
        corpus.index()
    path = next(serving(own.data_dir / "index").glob("*.cols"))
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    before = {path: path.read_bytes() for path in (own.data_dir / "index").rglob("*") if path.is_file()}
    found = own.run("check", "--index")
    after = {path: path.read_bytes() for path in (own.data_dir / "index").rglob("*") if path.is_file()}
    rebuilt = own.run("rebuild")

    assert (65, 1, True) == (found.returncode, len(found.stdout.splitlines()), path.name in found.stdout), found.stdout
    assert before == after
    assert (0, 0) == (rebuilt.returncode, own.run("check").returncode), rebuilt.stderr
