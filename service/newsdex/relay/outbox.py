"""Reads a transactional outbox table of PostgreSQL, which has the columns of Debezium, by polling."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection, Error, OperationalError
from psycopg.errors import InsufficientPrivilege, UndefinedColumn, UndefinedTable
from psycopg.sql import SQL, Composed, Identifier

from newsdex.apps.messages import CHANNELS
from newsdex.errors import Invalid, Misconfigured, Unavailable
from newsdex.ingest.cloudevents import is_cloudevent
from newsdex.ingest.single_item import single_object
from newsdex.relay.address import SourceAddress
from newsdex.relay.source import BATCH, WAIT_S, Record

OPTIONS = frozenset({"table", "aggregatetype"})
LOCK = "SELECT pg_try_advisory_lock(hashtextextended('newsdex-relay ' || %s, 0))"
"""Held by the connection that reads and deletes: with it, the lock ends."""
COLUMNS = "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
NUMBERS = frozenset({"smallint", "integer", "bigint"})
IN_ORDER_OF_WRITING = SQL("age(xmin) DESC, cmin::text::bigint, ctid")
"""Of the transactions that wrote the rows, and of the commands in each: an id that is a UUID orders nothing."""
POLL_S = WAIT_S / 2
REFUSED = re.compile(r"authentication failed|pg_hba\.conf|no password supplied|(role|database) .* does not exist")


def make_source(address: SourceAddress) -> "Outbox":
    """Make the source."""
    kind = address.options.get("aggregatetype") or "article"
    return Outbox(address.url, address.options.get("table") or "outbox", kind)


class Outbox:
    """The rows of one `aggregatetype`; those that our broker has are deleted."""

    faults = (Error,)

    def __init__(self, url: str, table: str, kind: str) -> None:
        self._url = url
        self._table = table
        self._kind = kind
        self._refused: list[str] = []
        """Ids of rows that stay where they are, because our broker never takes them."""
        self._open: AsyncConnection[Any] | None = None
        self._query: Composed | None = None

    @property
    def _connection(self) -> AsyncConnection[Any]:
        assert self._open is not None
        return self._open

    @property
    def _name(self) -> Identifier:
        return Identifier(*self._table.split("."))

    async def open(self) -> None:
        """Connect, and become the one relay of this table."""
        try:
            self._open = await self._connected()
            cursor = await self._open.execute(LOCK, (self._table,))
            row = await cursor.fetchone()
            if row is None or not row[0]:
                raise Unavailable("relay_standby", "another relay reads this table; it is waited for")
            self._query = await self._make_query()
        except InsufficientPrivilege as error:
            raise Misconfigured("relay_refused", f"PostgreSQL refuses us: {error}") from error
        except (UndefinedTable, UndefinedColumn) as error:
            raise Unavailable("relay_source_missing", f"no outbox table {self._table}: {error}") from error

    async def _connected(self) -> AsyncConnection[Any]:
        try:
            return await AsyncConnection.connect(self._url, autocommit=True, connect_timeout=5)
        except OperationalError as error:  # one that is refused has no code, its text only
            if REFUSED.search(str(error)) is None:
                raise
            raise Misconfigured("relay_refused", f"PostgreSQL refuses us: {error}") from error

    async def _make_query(self) -> Composed:
        cursor = await self._connection.execute(COLUMNS, (self._name.as_string(self._connection),))
        types = dict(await cursor.fetchall())
        order = SQL("id") if types.get("id") in NUMBERS else IN_ORDER_OF_WRITING
        payload = SQL("payload" if types.get("payload") == "bytea" else "convert_to(payload::text, 'UTF8')")
        return SQL(
            "SELECT id::text, aggregateid::text, type::text, {} FROM {} "
            "WHERE aggregatetype = %s AND id::text <> ALL(%s) ORDER BY {} LIMIT %s"
        ).format(payload, self._name, order)

    async def read(self) -> Sequence[Record]:
        """Return the oldest rows."""
        assert self._query is not None
        cursor = await self._connection.execute(self._query, (self._kind, self._refused, BATCH))
        rows = await cursor.fetchall()
        if not rows:
            await asyncio.sleep(POLL_S)
        return [self._record(*row) for row in rows]

    def _record(self, id_: str, aggregate: str, type_: str, payload: bytes | None) -> Record:
        body = bytes(payload or b"")
        attributes = {"specversion": "1.0", "type": type_, "source": f"outbox:{self._table}", "id": id_}
        whole = _is_whole(body) and type_ not in CHANNELS
        headers = {} if whole else {f"ce-{name}": text for name, text in attributes.items()}
        return Record(
            body=body, origin=f"outbox:{self._table}/{id_}", headers=headers, key=aggregate or None, token=id_
        )

    async def settle(self, taken: Sequence[Record], refused: Sequence[Record]) -> None:
        """Delete the rows that our broker has."""
        self._refused += [record.token for record in refused]
        delete = SQL("DELETE FROM {} WHERE id::text = ANY(%s)").format(self._name)
        await self._connection.execute(delete, ([record.token for record in taken],))

    async def close(self) -> None:
        """Close the connection, and with it give the lock back."""
        connection, self._open = self._open, None
        if connection is not None:
            await connection.close()


def _is_whole(payload: bytes) -> bool:
    """Return whether a payload is an event with its attributes, rather than the data of one."""
    try:
        return is_cloudevent(single_object(payload))
    except Invalid:
        return False
