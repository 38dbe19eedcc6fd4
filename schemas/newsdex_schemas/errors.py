"""The kinds of failure, by what to do about them.

    NewsdexError
    ├── Invalid         the input breaks the contract: never retried
    ├── Unavailable     a passing fault: always retried
    ├── Misconfigured   somebody has to change something: a setting, a right, an installation
    └── Refused         the service answered with a Problem, which says whether a retry may succeed

`code` is stable and doubles as a metric label; the message is for people.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsdex_schemas.search import Problem


class NewsdexError(Exception):
    """A failure with a stable code."""

    exit_code = 1
    """For commands that end with it, as in `sysexits.h`."""
    retryable = False
    """True where the same may succeed later."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Invalid(NewsdexError):  # noqa: N818 - the kind is the name
    """The input breaks the contract; `place` is the path of the fault, such as `data.published_at`."""

    exit_code = 65  # EX_DATAERR

    def __init__(self, code: str, message: str, place: str | None = None) -> None:
        super().__init__(code, message)
        self.place = place


class Unavailable(NewsdexError):  # noqa: N818 - the kind is the name
    """Something that is needed does not answer now."""

    exit_code = 69  # EX_UNAVAILABLE
    retryable = True


class Misconfigured(NewsdexError):  # noqa: N818 - the kind is the name
    """A setting, a file or another process stands in the way."""

    exit_code = 78  # EX_CONFIG


class Refused(NewsdexError):  # noqa: N818 - the reply is no fault of the requester's program
    """The service answered with a Problem."""

    def __init__(self, problem: "Problem", retry_after_s: float = 0.0) -> None:
        super().__init__(problem.code, problem.message)
        self.problem = problem
        self.retryable = problem.retryable
        self.retry_after_s = retry_after_s
        """For how long the service asks not to be asked again."""
        self.exit_code = Unavailable.exit_code if problem.retryable else Invalid.exit_code
