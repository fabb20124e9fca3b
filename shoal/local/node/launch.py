"""Starting a command line as a process group of its own.

`posix_spawn` from a single-threaded process is two to three times as fast as `subprocess`; it cannot change
directory, so the agent does that itself just before.
"""

import contextlib
import os
import re
import shlex
import signal
from collections.abc import Mapping
from pathlib import Path

from shoal.local.node.directories import LOGS, TaskDirectory
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.task_users import ROOT, TaskUser

CONTINUED = os.O_WRONLY | os.O_CREAT | os.O_APPEND
"""Flags for output files that another process may have begun."""
NEW = CONTINUED | os.O_TRUNC
QUOTED = re.compile(r"[^\S ]|['\"\\]")
"""Whatever makes the words of a command line more than its parts between blanks."""


def launch(
    command_line: str,
    environment: Mapping[str, str],
    directory: TaskDirectory,
    *,
    group: int = 0,
    outputs: int = NEW,
) -> int:
    """The process id, which is also its group's, unless it joins another `group`. Raises TaskFault.

    Batch runs no shell: the line is split into words by the quoting rules of one and the first is looked up.
    """
    try:
        # Before the program is looked up: a relative one is meant from here, as are the outputs' paths below.
        os.chdir(directory.working)
        directory.hand_over()
        return _spawn(_words(command_line), environment, group, outputs, directory.user)
    except TaskFault:
        _make_outputs(directory)
        raise
    except (OSError, ValueError) as exc:
        # ValueError: an open quotation, or a NUL character, which no command line and no variable can hold.
        _make_outputs(directory)
        if isinstance(exc, FileNotFoundError) and not directory.working.is_dir():
            raise _vanished(directory) from None
        raise TaskFault("CommandLaunchFailed", f"The command could not be started: {exc}") from None


def _make_outputs(directory: TaskDirectory) -> None:
    """Make the outputs of a process that was not started, which are there on Azure's nodes as well."""
    with contextlib.suppress(OSError):
        for name in LOGS:
            (directory.path / name).touch(0o644)


def _vanished(directory: TaskDirectory) -> TaskFault:
    path = directory.working
    return TaskFault("CommandLaunchFailed", f"The task's directory {path} is gone, so the command could not be started")


def _words(command_line: str) -> list[str]:
    """Return the words by a shell's rules of quotation. Most lines quote nothing, and need no parser."""
    return shlex.split(command_line) if QUOTED.search(command_line) else command_line.split()


def _spawn(words: list[str], environment: Mapping[str, str], group: int, outputs: int, user: TaskUser | None) -> int:
    if not words:
        raise TaskFault("CommandLaunchFailed", "The command line is empty")
    program = _find(words[0], environment["PATH"], user)
    if program is None:
        raise TaskFault("CommandProgramNotFound", "The specified command program is not found", CommandProgram=words[0])
    if user is not None and user.number != ROOT:
        words = [*user.command(program), *words[1:]]
        program = words[0]
    return os.posix_spawn(
        program,
        words,
        environment,
        file_actions=[
            # Standard input and output of the agent are its connection to the service.
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, "../stdout.txt", outputs, 0o644),
            (os.POSIX_SPAWN_OPEN, 2, "../stderr.txt", outputs, 0o644),
        ],
        setpgroup=group,
        # What is ignored here (SIGPIPE by Python, SIGINT by the agent) would be ignored by the task's processes, too.
        setsigdef=[signal.SIGPIPE, signal.SIGTERM, signal.SIGINT],
    )


def _find(program: str, path: str, user: TaskUser | None) -> str | None:
    """Return where a program lies, or None. `shutil.which` asks the system three times for each directory."""
    candidates = [program] if "/" in program else (f"{at or '.'}/{program}" for at in path.split(os.pathsep))
    found = (each for each in candidates if os.access(each, os.X_OK) and not Path(each).is_dir())
    return next((each for each in found if user is None or user.may_run(each)), None)


def end_group(group: int) -> None:
    """Kill what is left of a task's process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def exit_code(status: int) -> int:
    """As a shell gives it: 128 + n where signal n ended the process. Azure documents no rule for that case."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
