"""Errors that the user can mend, each in one line."""


class InputError(Exception):
    """An error that the user can mend. Its message is one line: what is wrong, where, and what to do.

    Examples
    --------
    >>> raise InputError("photos holds no images; correct `source`")
    Traceback (most recent call last):
    lib.base.errors.InputError: photos holds no images; correct `source`
    """


def reason_of(error: Exception) -> str:
    r"""The message of an error in one line of at most 200 characters; its type, if it has no message.

    Examples
    --------
    >>> reason_of(ValueError("not\n a number"))
    'not a number'
    >>> reason_of(ValueError())
    'ValueError'
    """
    return " ".join(str(error).split())[:200] or type(error).__name__


def fault_of_disk(error: OSError, what: str = "") -> str:
    """What the operating system refused, in one line. No file is to blame, so none is to be deleted.

    Parameters
    ----------
    error
        Has an errno.
    what
        What was going on, for errors that name no file.

    Examples
    --------
    >>> fault_of_disk(PermissionError(13, "Permission denied", "a.npz"))
    'a.npz: Permission denied; see to the disk or to its permissions, and run again'
    """
    file = f"{error.filename}: " if error.filename else ""
    is_missing = isinstance(error, FileNotFoundError)
    advice = "correct its path" if is_missing else "see to the disk or to its permissions, and run again"
    return f"{what}{file}{error.strerror}; {advice}"
