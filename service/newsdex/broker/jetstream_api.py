"""Asks JetStream's API directly: the client's own methods drop fields that they do not know."""

import json
from collections.abc import Mapping
from typing import Any

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from newsdex.errors import Unavailable

NO_MESSAGE = 10037
"""JetStream's error code where stream and consumer are there, and no message is that was asked for."""


async def ask_broker(js: JetStreamContext, path: str, request: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask JetStream's API, such as `STREAM.INFO.ARTICLES`; return the answer as it is.

    Raises `nats.js.errors.APIError` where JetStream refuses, and `Unavailable` where stream or consumer do not exist,
    or nobody answers.
    """
    body = b"" if request is None else json.dumps(request).encode()
    try:
        answer: dict[str, Any] = await js._api_request(f"{js._prefix}.{path}", body, timeout=js._timeout)  # noqa: SLF001 - its own methods drop fields that they do not know
    except NotFoundError as error:
        if error.err_code == NO_MESSAGE:
            raise
        raise Unavailable("consumer_missing", "the stream or its consumer does not exist") from error
    except APIError:
        raise
    except (NatsError, OSError, TimeoutError) as error:
        raise Unavailable("broker_unavailable", f"the broker does not answer: {error or 'timeout'}") from error
    return answer
