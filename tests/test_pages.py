"""Links and paths on pages lead to files, headings and modules that exist."""

import inspect
import json
import re
from pathlib import Path

import pytest

from components.plugin import COMPONENTS, ComponentPackage
from tests.clone import ROOT
from tests.code_blocks import PAGES

LINK = re.compile(r"\]\((?P<file>[^)#:\s]*)(#(?P<heading>[\w-]+))?\)")
PATH = re.compile(r"`((?:shoal|components|tests|tools|examples|policy)/[\w./-]*)`")


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub derives from headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    lost = []
    for link in LINK.finditer(page.read_text()):
        target = page.parent / link["file"] if link["file"] else page
        if not target.exists() or (link["heading"] and link["heading"] not in anchors(target)):
            lost.append(link[0])
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_that_are_named_are_there(page: Path) -> None:
    assert [path for path in PATH.findall(page.read_text()) if not (ROOT / path).exists()] == []


def test_reference_of_components_has_every_component_and_every_type_of_their_arguments() -> None:
    schema = json.loads(ComponentPackage().schema or "{}")
    arguments = {inspect.get_annotations(component.__init__)["args"].__name__ for component in COMPONENTS}
    known = {token.rpartition(":")[2] for token in (*schema["resources"], *schema["types"])}
    page = (ROOT / "docs" / "component-reference.md").read_text()
    described = [path.rpartition(".")[2] for path in re.findall(r"^::: (\S+)$", page, flags=re.MULTILINE)]
    assert known | arguments <= set(described)
    assert len(described) == len(set(described))
