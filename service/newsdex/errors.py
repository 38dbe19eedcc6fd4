"""The kinds of failure, by what to do about them.

    NewsdexError
    ├── Invalid         the input breaks the contract: never retried
    ├── Unavailable     a passing fault: always retried
    └── Misconfigured   an operator has to change something: the process ends

`code` is stable and doubles as a metric label; the message is for people.
"""


class NewsdexError(Exception):
    """A failure with a stable code."""

    exit_code = 1

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Invalid(NewsdexError):  # noqa: N818 - the kind is the name
    """The input breaks the contract; `place` is the path of the fault, such as `data.published_at`."""

    exit_code = 65  # EX_DATAERR of sysexits.h

    def __init__(self, code: str, message: str, place: str | None = None) -> None:
        super().__init__(code, message)
        self.place = place


class Unavailable(NewsdexError):  # noqa: N818 - the kind is the name
    """Something that is needed does not answer now."""

    exit_code = 69  # EX_UNAVAILABLE


class Misconfigured(NewsdexError):  # noqa: N818 - the kind is the name
    """A setting, a file or another process stands in the way."""

    exit_code = 78  # EX_CONFIG
