"""The hooks of pre-commit and `make check` run the same tools."""

import re
import subprocess

import yaml

from tests.clone import ROOT

CONFIGURATION = ROOT / ".pre-commit-config.yaml"


def test_hooks_run_the_commands_of_make_check() -> None:
    (repository,) = yaml.safe_load(CONFIGURATION.read_text())["repos"]
    hooks = [" ".join([hook["entry"], *hook.get("args", [])]) for hook in repository["hooks"]]
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert recipe is not None
    assert hooks == [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]


def test_pre_commit_takes_the_configuration() -> None:
    subprocess.run([ROOT / ".venv" / "bin" / "pre-commit", "validate-config", CONFIGURATION], check=True)
