"""Errors that a user can mend, each in one line."""


class InputError(Exception):
    """Something the user can mend. The message is one line: what is wrong, where, what to do."""


def reason_of(error: Exception) -> str:
    """What an error says, short and in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def fault_of_disk(error: OSError, what: str = "") -> str:
    """What the operating system refused, in one line: no file is to blame, so none is to be deleted.

    Parameters
    ----------
    error
        With an errno.
    what
        What was being done, for where the error names no file.
    """
    file = f"{error.filename}: " if error.filename else ""
    return f"{what}{file}{error.strerror}; see to the disk or to its permissions, and run again"
