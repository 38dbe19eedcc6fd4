"""What every model of the contract has in common."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def _in_calendar(value: datetime) -> datetime:
    if not EARLIEST <= value <= LATEST:
        raise PydanticCustomError("datetime_out_of_range", "must lie in the years 1000 to 9000")
    return value


def _datetime_or_text(value: object) -> object:
    """Refuse numbers, quoted ones too: seconds and milliseconds since 1970 cannot be told apart."""
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise PydanticCustomError("datetime_type", "must be an RFC 3339 text such as 2024-06-30T02:58:00+05:00")


def _no_control_characters(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("control_character", "must not contain the NUL character")
    return value


Timestamp = Annotated[AwareDatetime, BeforeValidator(_datetime_or_text), AfterValidator(_in_calendar)]
"""A moment with a time zone, as RFC 3339 text in JSON."""

Text = Annotated[str, AfterValidator(_no_control_characters)]
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

    model_config = ConfigDict(frozen=True, extra="ignore")

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
