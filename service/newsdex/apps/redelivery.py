"""Has every event in the stream delivered once more, by the running indexer or without one."""

from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from newsdex.apps.client import connected
from newsdex.broker.client import connect
from newsdex.broker.streams import CONSUMER
from newsdex.errors import Unavailable
from newsdex.settings import Settings
from newsdex_schemas import channels
from newsdex_schemas.client.refusals import Refusals


async def have_redelivered(settings: Settings) -> None:
    """Have the indexer make its consumer anew; where none runs, take the consumer away, which the next one misses.

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
    await _take_consumer_away(settings)


async def _take_consumer_away(settings: Settings) -> None:
    refusals = Refusals()
    connection = await connect(settings, name="newsdex-redeliver", refusals=refusals)
    try:
        await refusals.or_refused(
            connection.jetstream().delete_consumer(channels.STREAM, CONSUMER),
            f"$JS.API.CONSUMER.DELETE.{channels.STREAM}.{CONSUMER}",
        )
    except NotFoundError:
        return  # nothing was delivered yet
    except (NatsError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise Unavailable("jetstream_unavailable", f"the consumer cannot be taken away: {reason}") from error
    finally:
        await connection.close()
