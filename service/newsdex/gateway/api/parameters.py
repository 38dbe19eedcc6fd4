"""Reads the parameters of an address as a request of the contract."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import to_json
from starlette.requests import Request

from newsdex.validation import FieldFault, as_one, faults_of
from newsdex_schemas.model import RequestModel
from newsdex_schemas.query_string import parameter_at, read_parameters

Asked = TypeVar("Asked", bound=RequestModel)


def read_request(request: Request, model: type[Asked], **given: str) -> Asked:
    """Return what an address asks for; `given` are parameters that stand in its path.

    Raises `Invalid` with the name of the parameter that is wrong.
    """
    return read_pairs(model, [*request.query_params.multi_items(), *given.items()])


def read_pairs(model: type[Asked], pairs: Iterable[tuple[str, str]]) -> Asked:
    """Return what some parameters ask for; raise `Invalid` with the name of the one that is wrong."""
    try:
        return model.model_validate_json(to_json(read_parameters(model, pairs)))
    except ValidationError as error:
        raise as_one([_with_parameter(model, fault) for fault in faults_of(error)]) from error


def _with_parameter(model: type[RequestModel], fault: FieldFault) -> FieldFault:
    if fault.place is None:
        return fault
    name = parameter_at(model, fault.place)
    return FieldFault(fault.code, f"{name}{fault.message.removeprefix(fault.place)}", name)
