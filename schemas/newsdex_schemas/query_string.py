"""Requests as the parameters of an address, as the HTTP gateway takes them: flat, by the contract's names.

A field of `filters` keeps its own name; one of another part has the part's name before it, as in `wait_for_id`. A list
is a parameter that is repeated.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from newsdex_schemas.model import ContractModel, RequestModel, refuse_unknown

UNPREFIXED = frozenset({"filters"})
"""Parts whose fields are parameters by their own names."""
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class Parameter(NamedTuple):
    """A field of a request as a parameter."""

    name: str
    path: tuple[str, ...]
    """Where the field stands in the request."""
    field: FieldInfo
    type_: Any
    """Of the value, or of each value of a list: `str`, `int`, `float` or `bool`."""
    repeated: bool


@cache
def parameters_of(model: type[RequestModel]) -> dict[str, Parameter]:
    """Return every parameter of a request by its name, in the order of the fields."""
    return {parameter.name: parameter for parameter in _parameters(model, (), "")}


def read_parameters(model: type[RequestModel], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields of a request that some parameters stand for; the model says whether they are allowed.

    A text that is no number is kept as it is, and so are all values of a parameter that may be there only once: the
    model refuses these. Raises `pydantic.ValidationError` for unknown parameters.
    """
    known = parameters_of(model)
    given: dict[str, list[str]] = {}
    for name, text in pairs:
        given.setdefault(name, []).append(text)
    refuse_unknown(model.__name__, given, known)
    fields: dict[str, Any] = {}
    for name, texts in given.items():
        parameter = known[name]
        values = [_value(parameter.type_, text) for text in texts]
        part = fields
        for step in parameter.path[:-1]:
            part = part.setdefault(step, {})
        part[parameter.path[-1]] = values if parameter.repeated or len(values) > 1 else values[0]
    return fields


def write_parameters(request: RequestModel) -> list[tuple[str, str]]:
    """Return the parameters that stand for a request, without those that say what goes without saying."""
    return [
        (parameter.name, _text(value))
        for parameter in parameters_of(type(request)).values()
        for value in _values(request, parameter)
    ]


def parameter_at(model: type[RequestModel], place: str) -> str:
    """Return the name of the parameter that a field's path, such as `filters.section.0`, is about; else the path."""
    steps = tuple(place.split("."))
    for parameter in parameters_of(model).values():
        if steps[: len(parameter.path)] == parameter.path:
            return parameter.name
    return place


def _parameters(model: type[ContractModel], path: tuple[str, ...], prefix: str) -> Iterator[Parameter]:
    for name, field in model.model_fields.items():
        type_, repeated = _type_of(field.annotation)
        here = (*path, name)
        if isinstance(type_, type) and issubclass(type_, ContractModel):
            yield from _parameters(type_, here, prefix if name in UNPREFIXED else f"{prefix}{name}_")
        else:
            yield Parameter(f"{prefix}{name}", here, field, type_, repeated)


def _type_of(annotation: Any) -> tuple[Any, bool]:
    """Return the type of a field's value, or of its items, and whether it has items."""
    if hasattr(annotation, "__metadata__"):
        return _type_of(annotation.__origin__)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _type_of(next(one for one in inner if one is not type(None)))
    if origin is tuple:
        return _type_of(inner[0])[0], True
    return (annotation, False) if isinstance(annotation, type) else (str, False)


def _value(type_: Any, text: str) -> Any:
    if type_ is bool:
        return _TRUTH.get(text.strip().lower(), text)
    if type_ is int and re.fullmatch(r"\s*[+-]?\d{1,18}\s*", text):
        return int(text)
    return text


def _values(request: RequestModel, parameter: Parameter) -> tuple[Any, ...]:
    value: Any = request
    for step in parameter.path:
        value = getattr(value, step, None)
    if value is None or value == parameter.field.default:
        return ()
    return value if parameter.repeated else (value,)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
