"""The documentation site: links that work in the repository work in the site, and its build refuses what is broken."""

from pathlib import Path

import pytest
import yaml
from documentation_site import PAGES, relinked, source_page, sources, with_plain_bars, without_words
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from tests.clone import ROOT

CONFIGURATION = ROOT / "mkdocs.yml"


@pytest.mark.parametrize(
    ("page", "link", "expected"),
    [
        ("index.md", "docs/jobs.md#sweeps", "jobs.md#sweeps"),
        ("index.md", "docs/images/var.svg", "images/var.svg"),
        ("index.md", "CONTRIBUTING.md", "contributing.md"),
        ("index.md", "examples/client.py", "source/examples/client.py.md"),
        ("local.md", "jobs.md", "jobs.md"),
        ("local.md", "../examples/var/README.md", "example.md"),
        ("local.md", "../examples/var/job.yaml", "source/examples/var/job.yaml.md"),
        ("local.md", "https://example.com/a.md", "https://example.com/a.md"),
        ("local.md", "#a-client", "#a-client"),
    ],
)
def test_link_of_the_repository_leads_to_its_page_in_the_site(page: str, link: str, expected: str) -> None:
    assert relinked(f"see [there]({link}).", page, PAGES) == f"see [there]({expected})."


def test_files_that_pages_link_to_have_pages_that_show_them() -> None:
    assert "examples/client.py" in sources(PAGES)
    text = (ROOT / "examples" / "client.py").read_text()
    assert source_page("examples/client.py").endswith(f"````python\n{text}````\n")


def test_words_behind_the_language_of_a_block_are_left_out() -> None:
    assert without_words("```yaml file=a.yaml\na: 1\n```\n") == "```yaml\na: 1\n```\n"


def test_bars_in_the_code_of_a_table_are_shown_without_their_backslash() -> None:
    assert with_plain_bars(r"<td><code>\|\|</code></td> \|") == r"<td><code>||</code></td> \|"


@pytest.mark.parametrize("broken", ["[x](missing.md)", "[x](#missing)", "![x](missing.svg)", "[x](/absolute.md)"])
def test_strict_build_refuses_a_broken_link(tmp_path: Path, broken: str) -> None:
    with pytest.raises(Abort):
        strict_build(tmp_path, {"index.md": f"# Home\n\n{broken}\n"}, nav=["index.md"])


def test_strict_build_refuses_a_page_that_the_navigation_lacks_and_one_that_is_not_there(tmp_path: Path) -> None:
    pages = {"index.md": "# Home\n", "other.md": "# Other\n"}
    with pytest.raises(Abort):
        strict_build(tmp_path, pages, nav=["index.md"])
    with pytest.raises(Abort):
        strict_build(tmp_path, pages, nav=["index.md", "other.md", "third.md"])
    strict_build(tmp_path, pages, nav=["index.md", "other.md"])


def strict_build(directory: Path, pages: dict[str, str], *, nav: list[str]) -> None:
    """A small site with the checks of the real one. Raises Abort where a check warns."""
    (directory / "docs").mkdir(exist_ok=True)
    for name, text in pages.items():
        (directory / "docs" / name).write_text(text)
    validation = yaml.safe_load(CONFIGURATION.read_text())["validation"]
    settings = {"site_name": "Test", "nav": nav, "plugins": [], "validation": validation}
    (directory / "mkdocs.yml").write_text(yaml.safe_dump(settings))
    build(load_config(str(directory / "mkdocs.yml"), strict=True))
