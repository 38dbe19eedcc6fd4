"""What comes of running out of file handles is told apart, however deep it lies."""

import errno

import pytest

from newsdex.errors import Unavailable
from newsdex.host.handles import OutOfHandles, out_of_handles, raise_out_of_handles


def caused_by(code: int) -> Exception:
    fault = Unavailable("key_unreadable", "the key cannot be read")
    fault.__cause__ = OSError(code, "it failed")
    return fault


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE])
def test_a_failure_that_comes_of_it_is_that_under_whatever_code_it_was_raised(code: int) -> None:
    assert isinstance(out_of_handles(OSError(code, "")), OutOfHandles)
    assert isinstance(out_of_handles(caused_by(code)), OutOfHandles)
    with pytest.raises(OutOfHandles):
        raise_out_of_handles(OSError(code, ""))


def test_any_other_failure_is_none() -> None:
    raise_out_of_handles(OSError(errno.ENOENT, ""))

    assert [None, None, None] == [out_of_handles(one) for one in (OSError(), caused_by(errno.ENOENT), ValueError())]
