"""What every model of the contract has in common."""

from collections.abc import Collection, Mapping
from functools import cache
from itertools import islice
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictInt,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from newsdex_schemas.misspelt import MAX_NAME_CHARS, suggestion

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_UNKNOWN_FIELDS = 20
"""As many are named; each is compared with every known one, and a request may have thousands."""


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


def _whole_number(value: object) -> object:
    """Return a float without a fraction as the integer that it is: languages without integers write `3.0`."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WholeNumber = BeforeValidator(_whole_number)
"""Stands behind an integer's other constraints; JSON Schema's `integer` takes 3.0 as well."""

Identifier = Annotated[
    str,
    StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
Version = Annotated[StrictInt, Field(ge=0, le=2**53 - 1), WholeNumber]
"""A publisher's version number; the bound is the largest integer every JSON reader keeps exact."""


def is_blank(value: object) -> bool:
    """Return whether a value is null, or a text without a visible character."""
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def is_empty(value: object) -> bool:
    """Return whether a value stands for none: it is blank, or a list or object of such values only."""
    if isinstance(value, dict):
        return all(map(is_empty, value.values()))
    return all(map(is_empty, value)) if isinstance(value, list | tuple) else is_blank(value)


class ContractModel(BaseModel):
    """A frozen value of the contract.

    An optional field that is empty is absent, and so is an empty item of an optional list: plain objects of many
    languages have empty texts, lists and nulls where nothing was set.

    Read from JSON, unknown fields are tolerated, so that a contract can grow. Built in Python, an unknown field is an
    error, so that a misspelt optional field is noticed by the publisher and not by its readers.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)
    refuses_unknown_fields: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _known_and_set(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            return data
        if cls.refuses_unknown_fields or info.mode == "python":
            refuse_unknown(cls.__name__, data, cls.model_fields)
        return cls.without_empty_fields(data)

    @classmethod
    def without_empty_fields(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return a value's fields without the optional ones that are empty, and their lists without empty items."""
        optional, fields = optional_fields(cls), {}
        for name, value in data.items():
            if name not in optional:
                fields[name] = value
            elif isinstance(value, list | tuple):
                if items := [item for item in value if not is_empty(item)]:
                    fields[name] = items
            elif not is_empty(value):
                fields[name] = value
        return fields

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read one value from JSON text; raise `pydantic.ValidationError` where it breaks the contract."""
        content = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        return cls.model_validate_json(content.removeprefix(BYTE_ORDER_MARK))

    def to_json(self) -> bytes:
        """Write the value as UTF-8 JSON without its unset optional fields."""
        return self.model_dump_json(exclude_none=True).encode()


class RequestModel(ContractModel):
    """A request, or a part of one; an unknown field is refused, since the reply would answer something else."""

    model_config = ConfigDict(extra="forbid")
    refuses_unknown_fields: ClassVar[bool] = True

    @classmethod
    def without_empty_fields(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return the fields that are set; what stands in a list stays, since a filter for nothing is a mistake."""
        optional = optional_fields(cls)
        return {name: value for name, value in data.items() if name not in optional or not is_blank(value)}


@cache
def optional_fields(model: type[ContractModel]) -> frozenset[str]:
    """Return the names of the fields that need not be there; one that can have a single value only is no choice."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if not field.is_required()
        and not (get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1)
    )


def refuse_unknown(title: str, data: Collection[str], fields: Mapping[str, Any]) -> None:
    """Raise for names that are no fields, the first few, each with what may have been meant."""
    known = fields.keys()
    unknown = (str(name) for name in data if name not in known)
    faults = [
        InitErrorDetails(
            type=PydanticCustomError(
                "unknown_field",
                "unknown field: {name}; {suggestion}",
                {"name": name[:MAX_NAME_CHARS], "suggestion": suggestion(name, known)},
            ),
            loc=(name[:MAX_NAME_CHARS],),
            input=None,
        )
        for name in islice(unknown, MAX_UNKNOWN_FIELDS)
    ]
    if faults:
        raise ValidationError.from_exception_data(title, faults)
