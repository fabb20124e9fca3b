"""Standard output whose failures are one sentence for all commands: a full disk, a file that cannot grow.

A closed pipe is no failure of that kind: whoever read it, such as `head`, has enough.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING

from shoal.errors import WorkFailed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OutputFailed(WorkFailed):
    """No OSError, which commands take for one of the files or connections that they work with."""


@contextmanager
def checked_output() -> Iterator[None]:
    """Write all that is printed by the end. Raises OutputFailed; ends quietly where a pipe was closed."""
    # It is closed, or the program that calls the command takes what is printed.
    if sys.stdout is not sys.__stdout__ or not isinstance(sys.stdout, TextIOWrapper):
        yield
        return
    stream = _checked(sys.stdout)
    sys.stdout = stream
    try:
        yield
        stream.flush()
    except BrokenPipeError as exc:
        raise SystemExit(1) from exc
    finally:
        _discard_rest(stream)


class _OutputFile(FileIO):
    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as exc:
            raise OutputFailed(f"the output cannot be written: {exc.strerror}") from exc


def _checked(stream: TextIOWrapper) -> TextIOWrapper:
    stream.flush()
    return TextIOWrapper(
        BufferedWriter(_OutputFile(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _discard_rest(stream: TextIOWrapper) -> None:
    """Let Python, which writes the rest when it ends, find no error there again."""
    try:
        stream.flush()
    except (OSError, OutputFailed):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
