"""`shoal files` and `shoal ssh`: what is on a node, and the way there."""

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from subprocess import CompletedProcess

import click
import pytest

from shoal.cli.files import relative, split
from shoal.environment import Environment, to_json
from shoal.errors import BadInput
from shoal.nodes.remote_login import RemoteLogin, public_key
from shoal.service_status import Status
from tests.environments import shoal as run_shoal

JOB = """\
job: {pool: spot}
stages:
  - {name: write, command: "mkdir -p 'deep er' && echo hello > 'deep er/a.txt' && echo to-stdout"}
"""
Shoal = Callable[..., CompletedProcess[str]]


@pytest.fixture
def shoal(service: Status, environment: Environment, tmp_path: Path) -> Shoal:
    (tmp_path / "environment.json").write_text(json.dumps(to_json(environment)))
    (tmp_path / "job.yaml").write_text(JOB)
    return lambda *words: run_shoal(service, tmp_path, *words, "--environment", "environment.json")


def test_files_of_a_task_are_listed_printed_and_downloaded(shoal: Shoal, name: str, tmp_path: Path) -> None:
    shoal("run", "job.yaml", "--job", name).check_returncode()
    listed = {row["path"]: row["size_bytes"] for row in json.loads(shoal("files", name, "write", "--json").stdout)}
    assert listed["wd/deep er/a.txt"] == 6
    assert listed["wd"] is None
    assert shoal("files", name, "write", "wd/deep er/a.txt").stdout == "hello\n"
    assert shoal("files", name, "write", "wd/deep er").stdout.splitlines()[1].startswith("wd/deep er")
    done = shoal("files", name, "write", "wd", "--out", "home")
    assert (done.returncode, done.stderr) == (0, "1 file in home\n")
    assert (tmp_path / "home/deep er/a.txt").read_text() == "hello\n"
    shoal("files", name, "write", "stdout.txt", "--out", "one.txt").check_returncode()
    assert (tmp_path / "one.txt").read_text() == "to-stdout\n"
    (tmp_path / "taken").write_text("")
    refused = shoal("files", name, "write", "stdout.txt", "--out", "taken/one.txt")
    assert (refused.returncode, refused.stderr[:35]) == (2, "error: taken/one.txt cannot be writ")
    missing = shoal("files", name, "write", "wd/b.txt")
    expected = "error: task write has no file 'wd/b.txt'; without a path, `shoal files` lists all\n"
    assert (missing.returncode, missing.stderr) == (2, expected)
    assert shoal("files", name, "wirte").stderr.startswith(f"error: job '{name}' has no task 'wirte'; ")


def test_files_of_a_node_and_its_directory_on_this_machine(shoal: Shoal, service: Status) -> None:
    node = json.loads(shoal("nodes", "--json").stdout)[0]["id"]
    short = f"{node[:12]}…{node[-12:]}"
    paths = [row["path"] for row in json.loads(shoal("files", short, "--json").stdout)]
    assert {"shared", "workitems"} <= set(paths)
    done = shoal("ssh", short)
    assert done.returncode == 0
    assert done.stderr == f"node {node} is a process of this machine, with a directory of its own\n"
    assert Path(done.stdout.strip()) == Path(service.state_dir) / "nodes" / node
    assert Path(done.stdout.strip(), "workitems").is_dir()


@pytest.mark.parametrize(
    ("words", "owner", "path"),
    [
        (("tvmps_1",), ("tvmps_1",), None),
        (("tvmps_1", "startup/stdout.txt"), ("tvmps_1",), "startup/stdout.txt"),
        (("job", "task"), ("job", "task"), None),
        (("job", "task", "wd"), ("job", "task"), "wd"),
    ],
)
def test_node_is_told_from_a_job_by_its_id(words: tuple[str, ...], owner: tuple[str, ...], path: str | None) -> None:
    assert split(words) == (owner, path)


@pytest.mark.parametrize("words", [("job",), ("tvm1", "a", "b"), ("job", "task", "a", "b")])
def test_other_numbers_of_words_are_wrong_usage(words: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError):
        split(words)


def test_path_that_leads_out_of_the_directory_is_refused() -> None:
    assert relative("wd/a/b.txt", "wd/") == PurePosixPath("a/b.txt")
    with pytest.raises(BadInput, match="outside"):
        relative("wd/../../b.txt", "wd")


def test_login_is_a_command_of_ssh_with_the_preferred_key(tmp_path: Path) -> None:
    login = RemoteLogin(node_id="tvm1", user="shoal", address="20.1.2.3", port=50000)
    assert login.command == ["ssh", "-p", "50000", "shoal@20.1.2.3"]
    with pytest.raises(BadInput, match="there is no public key in"):
        public_key(tmp_path)
    (tmp_path / "id_rsa.pub").write_text("ssh-rsa AAAA me\n")
    assert public_key(tmp_path) == "ssh-rsa AAAA me"
    (tmp_path / "id_ed25519.pub").write_text("ssh-ed25519 AAAA me\n")
    assert public_key(tmp_path) == "ssh-ed25519 AAAA me"
