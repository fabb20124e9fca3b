"""Job files that include others: parameters, keys of the job, and stages that several job files share."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml

from shoal.errors import BadInput
from shoal.jobs.file.document import Document, constructed, draft_document

KEY = "include"
MAX_FILES = 50
_SHARED = ("parameters", "job", "stages")
_MAP, _SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"


def with_included(document: Document) -> Document:
    """Return the document with what it includes. Each value keeps its file and line.

    A parameter, or a key of the job, that stands in both counts as the including file has it. Included stages come
    first. A file that is included twice counts once. Raises BadInput for a file that cannot be included.
    """
    if not list(_names(document)):
        return document
    documents = _all(document, {})
    root = yaml.MappingNode(_MAP, _merged(documents), document.root.start_mark, document.root.end_mark)
    mistakes = tuple(mistake for one in documents for mistake in one.mistakes)
    included = tuple(one.path for one in documents[:-1])
    return replace(document, value=constructed(root), root=root, mistakes=mistakes, included=included)


def _all(document: Document, seen: dict[Path, Document]) -> list[Document]:
    """Return the included documents, and then the document itself."""
    seen[document.path.resolve()] = document
    documents = []
    for node in _names(document):
        where = f"{document.path} line {node.start_mark.line + 1}"
        if not isinstance(node, yaml.ScalarNode) or "{{" in node.value:
            raise BadInput(f"{where}: {KEY} holds names of files, without templates")
        if "\0" in node.value:
            raise BadInput(f"{where}: {node.value!r} is no name of a file")
        path = document.path.parent / node.value
        if path.resolve() in seen:
            continue
        if len(seen) == MAX_FILES:
            raise BadInput(f"{where}: more than {MAX_FILES} files are included")
        included = draft_document(path)
        if not isinstance(included.value, dict) or not included.value.keys() <= {KEY, *_SHARED}:
            raise BadInput(f"{where}: {path} is included, so it may have the keys {', '.join(_SHARED)} and {KEY} only")
        documents += _all(included, seen)
    return [*documents, document]


def _names(document: Document) -> Iterator[yaml.Node]:
    for key, value in document.root.value if isinstance(document.root, yaml.MappingNode) else ():
        if key.value == KEY:
            yield from value.value if isinstance(value, yaml.SequenceNode) else [value]


def _merged(documents: list[Document]) -> list[tuple[yaml.Node, yaml.Node]]:
    """Return the keys of all documents; where a key cannot be merged, the last one counts."""
    merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for document in documents:
        for key, value in document.root.value:
            before = merged.get(key.value)
            merged[key.value] = (key, value if before is None else _joined(key.value, before[1], value))
    return list(merged.values())


def _joined(key: str, first: yaml.Node, second: yaml.Node) -> yaml.Node:
    if key == "stages" and isinstance(first, yaml.SequenceNode) and isinstance(second, yaml.SequenceNode):
        return yaml.SequenceNode(_SEQUENCE, [*first.value, *second.value], second.start_mark, second.end_mark)
    if key in _SHARED and isinstance(first, yaml.MappingNode) and isinstance(second, yaml.MappingNode):
        own = {name.value for name, _ in second.value}
        pairs = [(name, value) for name, value in first.value if name.value not in own]
        return yaml.MappingNode(_MAP, [*pairs, *second.value], second.start_mark, second.end_mark)
    return second
