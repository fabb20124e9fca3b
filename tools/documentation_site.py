"""A hook of mkdocs: what the documentation site has beside the pages in `docs/`.

Some pages stand where people look for them, such as the README and CONTRIBUTING. Other pages link to files that are
no pages, such as an example. Both become part of the site. Links are written so that they work in the repository, and
are turned into links within the site here.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "index.md": "README.md",
    "example.md": "examples/var/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
    "changelog.md": "CHANGELOG.md",
}
"""Pages of the site that stand outside `docs/`."""
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json", ".sh": "sh"}
LINK = re.compile(r"(?<=\]\()(?P<file>[^)#:\s]+)(?P<anchor>#[\w-]+)?(?=\))")
FENCE = re.compile(r"^(?P<fence>[ ]*(?:```|~~~)\w+)[ ][^`\n]*$", re.MULTILINE)
"""A fence with words behind its language, which the tests read and the site's Markdown does not take."""
CELL = re.compile(r"<td.*?</td>", re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for uri, path in PAGES.items():
        files.append(File.generated(config, uri, content=(ROOT / path).read_text(encoding="utf-8")))
    pages = [file for file in files if file.is_documentation_page()]
    for path in sources(file.src_uri for file in pages):
        files.append(File.generated(config, source_uri(path), content=source_page(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return without_words(relinked(markdown, page.file.src_uri, PAGES))


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return with_plain_bars(html)


def sources(uris: Iterable[str]) -> list[str]:
    """Files that the pages link to and that are no pages themselves, as paths in the repository."""
    linked = {target for uri in uris for target in targets(repository_path(uri))}
    return sorted(path for path in linked if site_uri(path, PAGES) == source_uri(path) and (ROOT / path).is_file())


def targets(path: str) -> set[str]:
    if not (ROOT / path).is_file():
        return set()
    text = (ROOT / path).read_text(encoding="utf-8")
    return {posixpath.normpath(posixpath.join(posixpath.dirname(path), link["file"])) for link in LINK.finditer(text)}


def relinked(markdown: str, uri: str, pages: Mapping[str, str]) -> str:
    """The page with its links to files of the repository turned into links within the site."""
    directory = posixpath.dirname(repository_path(uri))

    def within_site(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(directory, link["file"]))
        return posixpath.relpath(site_uri(path, pages), posixpath.dirname(uri) or ".") + (link["anchor"] or "")

    return LINK.sub(within_site, markdown)


def without_words(markdown: str) -> str:
    """The page with nothing but the language behind each fence."""
    return FENCE.sub(r"\g<fence>", markdown)


def with_plain_bars(html: str) -> str:
    r"""The page with `|` for each `\|` in the code of a table, as code hosts show it."""
    return CELL.sub(lambda cell: cell[0].replace("\\|", "|"), html)


def repository_path(uri: str) -> str:
    return PAGES.get(uri, f"docs/{uri}")


def site_uri(path: str, pages: Mapping[str, str]) -> str:
    """The place in the site of a file of the repository."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return next((uri for uri, page in pages.items() if page == path), source_uri(path))


def source_uri(path: str) -> str:
    return f"source/{path}.md"


def source_page(path: str) -> str:
    """A page that shows the file, and that the search leaves out."""
    text = (ROOT / path).read_text(encoding="utf-8")
    language = LANGUAGES.get(Path(path).suffix, "text")
    return f"---\nsearch: {{exclude: true}}\n---\n\n# {path}\n\n````{language}\n{text}````\n"
