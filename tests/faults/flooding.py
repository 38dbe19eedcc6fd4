"""A client that asks far more at once than is answered at once, again and again until it is ended."""

import asyncio
import json
import sys

import nats

from newsdex_schemas import channels

AT_ONCE = 800
REQUEST = json.dumps({"q": "pontoon OR tide", "timeout_ms": 10_000}).encode()


async def flood(url: str) -> None:
    client = await nats.connect(url)
    while True:
        requests = (client.request(channels.SEARCH_QUERY, REQUEST, timeout=60) for _ in range(AT_ONCE))
        await asyncio.gather(*requests)


if __name__ == "__main__":
    asyncio.run(flood(sys.argv[1]))
