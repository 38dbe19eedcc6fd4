"""Measures searches of each kind over generated articles, end to end over the broker; a part of `make bench`."""

import asyncio
import itertools
import json
import tempfile
from pathlib import Path
from typing import Any, get_args

from tests.benchmarks import corpus
from tests.benchmarks.figures import Latencies
from tests.benchmarks.generated import Generator
from tests.benchmarks.questions import KINDS, Question, draw_questions
from tests.integration.running import Service

from newsdex.apps.client import connected
from newsdex.archive.reader import ArchiveReader
from newsdex.index.reader import IndexReader
from newsdex.settings import Settings
from newsdex_schemas import SearchRequest
from newsdex_schemas.search import FacetName

PUBLISHED_AT_ONCE = 10_000
SAMPLE = 2_000
"""Questions are drawn from so many articles."""
QUESTIONS, WARMING = 200, 50
"""Of each kind; the second are asked first, by other words, and not measured."""
WARM_SEED, ASKED_SEED = 1, 2
FULL = "full"
"""Each kind in turn, with every facet and a histogram."""
POLL_S = 0.05


def request(question: Question, **more: Any) -> SearchRequest:
    """Return the request of a reader who asks this."""
    words, fields = question.words, dict[str, Any](timeout_ms=10_000) | more
    match question.kind:
        case "or":
            text = " OR ".join(words)
        case "phrase":
            text = f'"{" ".join(words)}"'
        case "prefix" | "fuzzy":
            text = words[0] + {"prefix": "*", "fuzzy": "~"}[question.kind]
        case _:
            text = " ".join(words)
    if question.section is not None:
        fields["filters"] = {
            "section": [question.section],
            "published_from": question.published_from,
            "published_to": question.published_to,
        }
    if question.kind == "by_date":
        fields["sort"] = "newest"
    if question.kind == "facets":
        fields["facets"] = ("section", "tags")
    return SearchRequest(q=text, **fields)


def requests(seed: int, number: int) -> dict[str, list[SearchRequest]]:
    """Draw requests of each kind."""
    articles = list(Generator().articles(SAMPLE))
    drawn = {kind: draw_questions(articles, kind, number, seed) for kind in KINDS}
    everything: dict[str, Any] = {"facets": get_args(FacetName), "histogram": True}
    mixed = itertools.islice(itertools.chain.from_iterable(zip(*drawn.values(), strict=True)), number)
    made = {kind: [request(question) for question in questions] for kind, questions in drawn.items()}
    return made | {FULL: [request(question, **(everything)) for question in mixed]}


async def publish(settings: Settings, documents: int) -> None:
    """Publish the articles, and wait until searches find them all."""
    async with connected(settings) as client:
        for start in range(0, documents, PUBLISHED_AT_ONCE):
            articles = Generator().articles(min(PUBLISHED_AT_ONCE, documents - start), first=start)
            lines = [json.dumps(article).encode() for article in articles]
            await client.publish(corpus.messages(lines, f"generated-{start}"), lambda _: None)
    archive, index = ArchiveReader(settings.data_dir), IndexReader(settings.data_dir / "index")
    while index.view().position < documents or archive.head() < documents:  # noqa: ASYNC110 - others do it
        await asyncio.sleep(POLL_S)
    archive.close()


async def ask(settings: Settings) -> dict[str, dict[str, float]]:
    """Ask one after the other; give the round trips of each kind in milliseconds."""
    round_trips = {kind: Latencies() for kind in (*KINDS, FULL)}
    async with connected(settings) as client:
        for asked in itertools.chain.from_iterable(requests(WARM_SEED, WARMING).values()):
            await client.search(asked)
        for kind, own in requests(ASKED_SEED, QUESTIONS).items():
            for asked in own:
                with round_trips[kind].measured():
                    await client.search(asked)
    return {kind: latencies.percentiles() for kind, latencies in round_trips.items()}


def replies(documents: int) -> dict[str, dict[str, float]]:
    """Measure on a service of its own."""
    with tempfile.TemporaryDirectory(prefix="newsdex-bench-") as folder:
        service = Service(data_dir=Path(folder))
        with service.process("up") as up:
            up.wait_until_ready()
            settings = Settings(data_dir=service.data_dir)
            asyncio.run(publish(settings, documents))
            return asyncio.run(ask(settings))
