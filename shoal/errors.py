"""What goes wrong for a person at the command, and the exit code it ends with.

ShoalError
├── BadInput     2: what was asked cannot be done as asked; nothing was created
└── WorkFailed   1: it was understood and tried, and it failed
"""


class ShoalError(Exception):
    """One clear message: what was asked, what was found, what to do."""

    exit_code = 1


class BadInput(ShoalError):
    exit_code = 2


class WorkFailed(ShoalError):
    exit_code = 1
