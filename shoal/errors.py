"""Errors that end a command with a message, and their exit codes.

ShoalError
├── BadInput     2: the request has a mistake; nothing was created
└── WorkFailed   1: the request was valid, and the work failed
"""


class ShoalError(Exception):
    """One clear message: the request, the problem, and the mend."""

    exit_code = 1


class BadInput(ShoalError):
    exit_code = 2


class WorkFailed(ShoalError):
    exit_code = 1
