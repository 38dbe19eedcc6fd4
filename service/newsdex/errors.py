"""The kinds of failure are those of the contract, so that a client's and the service's are the same."""

from newsdex_schemas.errors import Invalid, Misconfigured, NewsdexError, Refused, Unavailable

__all__ = ["Invalid", "Misconfigured", "NewsdexError", "Refused", "Unavailable"]
