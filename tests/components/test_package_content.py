import io
import os
import zipfile
from pathlib import Path

import pytest

from components.component_errors import PackageError
from components.packages.package_content import content_version, require_version, write_archive


@pytest.fixture
def app(tmp_path: Path) -> Path:
    directory = tmp_path / "app"
    (directory / "lib").mkdir(parents=True)
    (directory / "run.sh").write_text("#!/bin/sh\n")
    (directory / "run.sh").chmod(0o755)
    (directory / "lib" / "model.py").write_text("x = 1\n")
    (directory / "lib" / "model.py").chmod(0o644)
    return directory


def archive_of(directory: Path) -> bytes:
    target = io.BytesIO()
    write_archive(directory, target)
    return target.getvalue()


def test_same_content_has_the_same_version_and_archive_whatever_its_times(app: Path) -> None:
    version, archive = content_version(app), archive_of(app)
    os.utime(app / "run.sh", (1, 1))
    (app / "lib" / "model.py").chmod(0o664)
    assert content_version(app) == version
    assert archive_of(app) == archive


def test_version_is_written_out_for_a_known_content(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\n")
    (tmp_path / "a.txt").chmod(0o644)
    assert content_version(tmp_path) == "1a7b0a1bd78cfee9"


@pytest.mark.parametrize("change", ["bytes", "mode", "name", "more"])
def test_changed_content_has_another_version(app: Path, change: str) -> None:
    version = content_version(app)
    match change:
        case "bytes":
            (app / "lib" / "model.py").write_text("x = 2\n")
        case "mode":
            (app / "lib" / "model.py").chmod(0o755)
        case "name":
            (app / "lib" / "model.py").rename(app / "lib" / "models.py")
        case "more":
            (app / "lib" / "empty").touch()
    assert content_version(app) != version


def test_what_python_writes_while_running_is_not_packed(app: Path) -> None:
    version = content_version(app)
    (app / "__pycache__").mkdir()
    (app / "__pycache__" / "model.pyc").touch()
    assert content_version(app) == version


def test_archive_keeps_paths_and_the_executable_bit(app: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(archive_of(app)))
    modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    assert modes == {"lib/model.py": 0o644, "run.sh": 0o755}
    assert archive.read("lib/model.py") == b"x = 1\n"


def test_directory_that_is_missing_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"gone does not exist; it is relative to the project"):
        content_version(tmp_path / "gone")


def test_directory_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="holds no file"):
        content_version(tmp_path)


def test_symbolic_link_is_refused(app: Path) -> None:
    (app / "link").symlink_to(app / "run.sh")
    with pytest.raises(PackageError, match="link is a symbolic link"):
        content_version(app)


def test_content_that_is_not_the_pinned_one_is_refused_with_both_versions(app: Path) -> None:
    found = content_version(app)
    require_version("tool", app, found)
    require_version("tool", app, None)
    with pytest.raises(PackageError) as refused:
        require_version("tool", app, "0123456789abcdef")
    assert str(refused.value) == (
        f"package tool has the content {found} in {app}, and version 0123456789abcdef is pinned; "
        f"bring that content back, or pin version: {found}"
    )
