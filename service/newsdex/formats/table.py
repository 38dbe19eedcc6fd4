"""Reads tables with a header, CSV of any delimiter: an article for each row."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace

from newsdex.errors import Invalid
from newsdex.formats.items import Context, Item, Refused
from newsdex.formats.mapping import mapped_item
from newsdex_schemas import Article
from newsdex_schemas.article import MAX_BODY_CHARS

NAME = "CSV"
DELIMITERS = ",;\t|"
SHOWN_COLUMNS = 20


def read(content: bytes, context: Context) -> Iterator[Item | Refused]:
    """Return the article of each row, or why it is none; raise `Invalid` where no column holds a title or a text."""
    csv.field_size_limit(4 * MAX_BODY_CHARS)  # the library's own limit is a tenth of an article's
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("invalid_utf8", f"not UTF-8 at byte {error.start}") from error
    header_line = text.lstrip().partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=max(DELIMITERS, key=header_line.count))
    try:
        header = [name.strip() for name in next((row for row in rows if any(row)), ())]
        fields = fields_of(header, context.mapping)
        for row in rows:
            place = f":{rows.line_num}"
            if not any(row):
                continue
            try:
                yield replace(mapped_item(_named(row, header), fields, context), place=place)
            except Invalid as error:
                yield Refused(error=error, place=place)
    except csv.Error as error:
        yield Refused(error=Invalid("unreadable_format", f"not CSV: {error}"), place=f":{rows.line_num}")


def _named(row: list[str], header: list[str]) -> dict[str, str]:
    if len(row) > len(header):
        raise Invalid("too_many", f"the row has {len(row)} cells, the header {len(header)}")
    return dict(zip(header, row, strict=False))


def fields_of(header: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each field: the mapping's, or the one with the field's name.

    Raises `Invalid` for a column that is not there, and where neither title nor body has one.
    """
    by_name = {name.lower().replace(" ", "_"): name for name in header}
    shown = ", ".join(header[:SHOWN_COLUMNS])
    if missing := [column for column in mapping.values() if column not in header]:
        raise Invalid("unknown_column", f"no column {missing[0]}; the columns are {shown}")
    fields = {field: by_name[field] for field in Article.model_fields if field in by_name} | dict(mapping)
    if not fields.keys() & {"title", "body"}:
        raise Invalid(
            "no_title_column", f"none of the columns is title or body; --map title=COLUMN says which: {shown}"
        )
    return fields
