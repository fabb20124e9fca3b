"""Names of files as templates see them: plain text that knows its parts."""

from pathlib import PurePosixPath
from typing import Self


class FileName(str):
    """A path, with the parts that templates use. In a point it is plain text."""

    __slots__ = ("size",)
    size: int

    def __new__(cls, path: str, size: int) -> Self:
        name = super().__new__(cls, path)
        name.size = size
        return name

    @property
    def name(self) -> str:
        return PurePosixPath(self).name

    @property
    def stem(self) -> str:
        return PurePosixPath(self).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self).suffix


class OutputName(FileName):
    """The path of an output below its stage: TASK/FILE. In a point it is plain text."""

    __slots__ = ()

    @property
    def task(self) -> str:
        return self.partition("/")[0]
