"""What every model of the contract has in common."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def _in_calendar(value: datetime) -> datetime:
    if not EARLIEST <= value <= LATEST:
        raise PydanticCustomError("datetime_out_of_range", "must lie in the years 1000 to 9000")
    return _with_fixed_offset(value)


def _with_fixed_offset(value: datetime) -> datetime:
    """Keep the moment and, where RFC 3339 can write it, the offset.

    Zones before standard time have offsets with seconds, which RFC 3339 has no place for; and Python calls no two
    moments equal where one of them lies in a fold of its zone.
    """
    offset = value.utcoffset() or timedelta()
    return value.astimezone(UTC if offset % timedelta(minutes=1) else timezone(offset))


def _datetime_or_text(value: object) -> object:
    """Refuse numbers, quoted ones too: seconds and milliseconds since 1970 cannot be told apart."""
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise PydanticCustomError("datetime_type", "must be an RFC 3339 text such as 2024-06-30T02:58:00+05:00")


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("control_character", "must not contain the NUL character")
    return value


class WithoutNul:
    """Marks a text that must not contain NUL.

    It stands after the text's other constraints: pydantic checks those that follow a function by their general
    rules, with other error types, and lengths before spaces are taken off.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after everything that stands before the mark."""
        return core_schema.no_info_after_validator_function(_without_nul, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say the same in the JSON Schema."""
        return {"pattern": r"^[^\x00]*$", **handler(schema)}


Timestamp = Annotated[AwareDatetime, BeforeValidator(_datetime_or_text), AfterValidator(_in_calendar)]
"""A moment with a time zone, as RFC 3339 text in JSON."""

Identifier = Annotated[
    str,
    StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
Version = Annotated[StrictInt, Field(ge=0, le=2**53 - 1)]
"""A publisher's version number; the bound is the largest integer every JSON reader keeps exact."""


class ContractModel(BaseModel):
    """A frozen value of the contract.

    Read from JSON, unknown fields are tolerated, so that a contract can grow. Built in Python, an unknown field is an
    error, so that a misspelt optional field is noticed by the publisher and not by its readers.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_misspelt_fields(cls, data: Any, info: ValidationInfo) -> Any:
        if info.mode == "python" and isinstance(data, dict):
            unknown = sorted(str(name) for name in data.keys() - cls.model_fields.keys())
            if unknown:
                raise PydanticCustomError("unknown_field", "unknown field: {names}", {"names": ", ".join(unknown)})
        return data

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read one value from JSON text; raise `pydantic.ValidationError` where it breaks the contract."""
        return cls.model_validate_json(text)

    def to_json(self) -> bytes:
        """Write the value as UTF-8 JSON without its unset optional fields."""
        return self.model_dump_json(exclude_none=True).encode()
