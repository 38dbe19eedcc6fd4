"""Has every event in the stream delivered once more, by the running indexer or without one."""

from newsdex.apps.client import connected
from newsdex.broker.client import connect
from newsdex.broker.streams import CONSUMERS, forget_consumer
from newsdex.errors import Unavailable
from newsdex.settings import Settings
from newsdex_schemas import channels
from newsdex_schemas.client.refusals import Refusals


async def have_redelivered(settings: Settings) -> None:
    """Have the indexer make its consumers anew; where none runs, take them away, which the next one misses.

    Raises `Unavailable` where the broker does not answer, and `Misconfigured` where this user may not do it.
    """
    async with connected(settings) as client:
        try:
            await client.redeliver()
        except Unavailable as fault:
            if fault.code != "nobody_answers":
                raise
        else:
            return
    await _take_consumers_away(settings)


async def _take_consumers_away(settings: Settings) -> None:
    refusals = Refusals()
    connection = await connect(settings, name="newsdex-redeliver", refusals=refusals)
    try:
        for name in CONSUMERS:
            await refusals.or_refused(
                forget_consumer(connection.jetstream(), name),
                f"$JS.API.CONSUMER.DELETE.{channels.STREAM}.{name}",
            )
    finally:
        await connection.close()
