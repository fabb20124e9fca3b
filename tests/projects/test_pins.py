"""Installed packages as requirements."""

import json
from pathlib import Path
from typing import Any

import pytest

from shoal.errors import BadInput
from shoal.projects.pins import pinned_requirements


def install(site: Path, name: str, version: str, *requires: str, origin: dict[str, Any] | None = None) -> None:
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {r}" for r in requires),
    ]
    (folder / "METADATA").write_text("\n".join(lines) + "\n")
    if origin is not None:
        (folder / "direct_url.json").write_text(json.dumps(origin))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_everything_that_is_needed_has_its_version_and_nothing_else_is_named(site: Path) -> None:
    install(site, "made-up", "1.0", "Made.Part>=2", 'made-server[fast]; extra == "local"', 'made-docs; extra == "docs"')
    install(site, "made-part", "2.5", "made-up[local]", 'made-absent; sys_platform == "win32"')
    install(site, "made-server", "3.0", "made-loop>=1 ; extra == 'fast'")
    install(site, "made-loop", "1.1")
    install(site, "made-docs", "9.9")
    assert pinned_requirements("made-up", frozenset({"local"})) == [
        "made-up[local]==1.0",
        "made-loop==1.1",
        "made-part==2.5",
        "made-server==3.0",
    ]


def test_what_is_asked_for_and_not_installed_is_refused(site: Path) -> None:
    install(site, "made-up", "1.0", 'made-rules>=2; extra == "policy"', "made-absent; sys_platform == 'win32'")
    with pytest.raises(BadInput, match=r"made-rules is not installed.*`pip install 'made-up\[policy\]'`"):
        pinned_requirements("made-up", frozenset({"policy"}))


def test_advice_for_what_is_not_installed_names_all_extras_at_once(site: Path) -> None:
    install(site, "made-up", "1.0", 'made-rules>=2; extra == "policy"', 'made-server; extra == "local"')
    install(site, "made-server", "3.0")
    with pytest.raises(BadInput, match=r"made-rules is not installed.*`pip install 'made-up\[local,policy\]'`"):
        pinned_requirements("made-up", frozenset({"local", "policy"}))


def test_what_only_another_machine_needs_is_left_out_though_it_is_installed(site: Path) -> None:
    install(site, "made-up", "1.0", "made-old; python_version < '3'", "made-part[fast]>=2")
    install(site, "made-old", "0.1")
    install(site, "made-part", "2.5", "made-loop; extra == 'fast' and python_version >= '3'")
    install(site, "made-loop", "1.1")
    assert pinned_requirements("made-up", frozenset()) == ["made-up==1.0", "made-loop==1.1", "made-part==2.5"]


@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (
            {"url": "https://example.com/made.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "made-up[local] @ git+https://example.com/made.git@abc",
        ),
        (
            {"url": "https://example.com/made.whl", "archive_info": {"hashes": {"sha256": "ff"}}},
            "made-up[local] @ https://example.com/made.whl#sha256=ff",
        ),
        ({"url": "file:///home/me/made", "dir_info": {"editable": True}}, "made-up[local] @ file:///home/me/made"),
    ],
)
def test_package_that_came_from_no_index_is_pinned_to_where_it_came_from(
    site: Path, origin: dict[str, Any], requirement: str
) -> None:
    install(site, "made-up", "1.0", origin=origin)
    assert pinned_requirements("made-up", frozenset({"local"})) == [requirement]
