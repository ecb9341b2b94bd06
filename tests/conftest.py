"""What the tests of several rooms use."""

import errno
import os
from collections.abc import Callable
from typing import NamedTuple

import pytest


class DiskFault(NamedTuple):
    """An error that the operating system raises, although the file is whole."""

    number: int

    def raiser(self, path=None) -> Callable:
        """A function that raises it, as of a file."""

        def fail(*args, **options):
            raise OSError(self.number, os.strerror(self.number), *([str(path)] if path else []))

        return fail

    def assert_told(self, error, path) -> None:
        """The user's one line names the file and the reason, and tells nobody to delete the file."""
        message = str(error.value)
        assert str(path) in message
        assert os.strerror(self.number) in message
        assert "delete" not in message
        assert "damaged" not in message
        assert "\n" not in message


@pytest.fixture(
    params=["EIO", "EACCES", "EPERM", "ENOLCK", "ESTALE", "EMFILE", "EAGAIN", "ENXIO"],
)
def disk_fault(request):
    return DiskFault(getattr(errno, request.param))
