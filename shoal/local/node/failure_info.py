"""Why a task did not run or its files did not arrive, in Batch's words.

Source: azure-sdk-for-net, BatchErrorCodeStrings (task failure codes).
"""

from typing import Any


class TaskFault(Exception):
    """A step beside the command itself failed; `info` is the task's failureInfo."""

    def __init__(self, code: str, message: str, *, server: bool = False, **details: str) -> None:
        super().__init__(message)
        self.info: dict[str, Any] = {
            "category": "ServerError" if server else "UserError",
            "code": code,
            "message": message,
            "details": [{"name": name, "value": value} for name, value in details.items()],
        }
