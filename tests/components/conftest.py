from pathlib import Path

import pytest

from tests.local.arm.conftest import account, account_name, arm, management, storage

__all__ = ["account", "account_name", "arm", "management", "storage"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with a package `app`."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "simulate.py").write_text("print('hello')\n")
    return tmp_path
