"""Files of the state that are damaged, removed or readable by others."""

import contextlib
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from shoal.local import control
from shoal.local.control import CannotStart
from shoal.local.state_files import DatabaseFiles
from shoal.local.store import settings
from shoal.local.store.database import open_database
from shoal.service_status import is_running, read_status
from tests.local.making import make_job
from tests.services import batch_client, running_service
from tests.waiting import wait_until


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_state_stays_private_and_whole_whatever_happens_to_its_files(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "batch.db").touch(mode=0o644)
    with running_service(tmp_path) as status:
        files = ["batch.db", "batch.db-wal", "batch.db-shm", "service.json", "service.log"]
        assert {name: mode(tmp_path / name) for name in files} == dict.fromkeys(files, 0o600)
        assert mode(tmp_path / "azurite") == 0o700
        make_job(batch_client(status), "job", "none")
        for damage in ("", '{"pid": ', "[1]"):
            (tmp_path / "service.json").write_text(damage)
            assert read_status(tmp_path) == status
        for name in ("service.json", "service.lock"):
            (tmp_path / name).unlink()
        wait_until(lambda: read_status(tmp_path) == status)
        assert control.start(tmp_path) == status, "not a second one beside the first"
        log = (tmp_path / "service.log").read_text()
        (tmp_path / "service.json").unlink()
        assert control.start(tmp_path) == status, "not refused, and without a line about it"
        assert (tmp_path / "service.log").read_text().startswith(log), "the log of a running service is its own"
        (tmp_path / "batch.db").unlink()
        wait_until(lambda: not is_running(tmp_path))
    assert "batch.db was removed" in (tmp_path / "service.log").read_text()
    with running_service(tmp_path) as again:
        assert batch_client(again).get_job("job").state == "active"
    shutil.rmtree(tmp_path / "azurite")
    with pytest.raises(CannotStart, match=r"db_blob__\.json is empty or was removed, so that no blob"):
        control.start(tmp_path)
    assert not (tmp_path / "azurite").exists(), "nothing was begun anew"


DAMAGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "removed": lambda state: (state / "batch.db").unlink(),
    "without its log": lambda state: (state / "batch.db-wal").unlink(),
    "replaced": lambda state: Path(shutil.copy(state / "batch.db", state / "copy")).rename(state / "batch.db"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_database_that_is_removed_or_replaced_at_any_start_is_written_back_whole(damage: str, tmp_path: Path) -> None:
    for start in ("first", "second", "third"):
        # Closed once, so that the log of the next one has only some of the pages.
        open_database(tmp_path / "batch.db").close()
        connection = open_database(tmp_path / "batch.db")
        # Pages that are free again: the file that is written back has others in their places.
        connection.execute("CREATE TABLE passing AS SELECT randomblob(100000) AS bytes")
        settings.put(connection, start, "x" * 50_000)
        connection.execute("DROP TABLE passing")
        files = DatabaseFiles(tmp_path)
        DAMAGES[damage](tmp_path)
        assert (files.fault() is None) == (damage == "nothing")
        settings.put(connection, f"{start}, damaged", 1)
        files.close(connection)
    with contextlib.closing(open_database(tmp_path / "batch.db")) as connection:
        kept = [name for (name,) in connection.execute("SELECT name FROM settings ORDER BY name")]
        assert kept == ["first", "first, damaged", "second", "second, damaged", "third", "third, damaged"]
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert (tmp_path / "batch.other").exists() == (damage == "replaced"), "what replaced it is kept"


def test_service_without_a_status_can_be_stopped(tmp_path: Path) -> None:
    control.start(tmp_path)
    (tmp_path / "service.json").unlink()
    assert control.stop(tmp_path)
    assert not is_running(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is empty or was removed, and azurite beside it are of an earlier state; put the file back"),
        (b"", "is empty or was removed, and azurite beside it are of an earlier state; put the file back"),
        (b"no database" * 1000, "cannot be used: file is not a database"),
    ],
)
def test_database_that_is_lost_or_damaged_is_refused_in_one_sentence(
    content: bytes | None, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "azurite").mkdir()
    (tmp_path / "azurite" / "blob").touch()
    if content is not None:
        (tmp_path / "batch.db").write_bytes(content)
    with pytest.raises(CannotStart, match=reason) as refused:
        control.start(tmp_path)
    assert "\n" not in str(refused.value)
    assert (tmp_path / "azurite" / "blob").exists()
    assert not is_running(tmp_path)
    assert content is None or (tmp_path / "batch.db").stat().st_size == len(content)


def damaged_inside(state: Path) -> None:
    """A database whose first page is whole, and whose others are not."""
    open_database(state / "batch.db").close()
    content = (state / "batch.db").read_bytes()
    (state / "batch.db").write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def empty_index(state: Path) -> None:
    (state / "azurite").mkdir()
    (state / "azurite" / "__azurite_db_blob__.json").touch()
    open_database(state / "batch.db").close()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (damaged_inside, "batch.db cannot be used: database disk image is malformed"),
        (empty_index, "azurite/__azurite_db_blob__.json is empty or was removed"),
        *(
            (
                lambda state, name=name: (state / name).mkdir(),
                rf"/{name} cannot be used \(Is a directory\); move it away",
            )
            for name in ("service.json", "service.lock", "service.log")
        ),
        (lambda state: (state / "nodes").touch(), "/nodes cannot be used"),
        (lambda state: (state.rmdir(), state.touch()), r"cannot hold a state \(File exists\)"),
    ],
)
def test_damaged_file_of_a_state_is_named_in_one_sentence(
    damage: Callable[[Path], object], reason: str, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    damage(state)
    with pytest.raises(CannotStart, match=reason) as refused:
        control.start(state)
    assert "\n" not in str(refused.value)
    assert not control.stop(state)
