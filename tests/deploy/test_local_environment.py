"""The variables that `shoal local env` gives to Pulumi."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from shoal.service_status import Status


def variables(service: Status, **environment: str) -> dict[str, str]:
    printed = subprocess.run(
        [sys.executable, "-m", "shoal", "local", "env", "--state", service.state_dir],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(word.split("=", 1) for word in shlex.split(printed) if word != "export")


def test_plugins_are_found_before_and_behind_all_others(service: Status) -> None:
    first, *others, last = variables(service, PATH="/usr/bin:/bin")["PATH"].split(":")
    assert others == ["/usr/bin", "/bin"]
    assert (Path(first) / "pulumi-resource-azure-native").stat().st_mode & 0o777 == 0o700
    assert (Path(last) / "pulumi-language-python").stat().st_mode & 0o777 == 0o700
    again = variables(service, PATH=f"{first}:/usr/bin:/bin:{last}")
    assert again["PATH"] == f"{first}:/usr/bin:/bin:{last}"


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ({}, "shoal"),
        ({"PULUMI_CONFIG_PASSPHRASE": "mine"}, None),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": "/mine"}, None),
    ],
)
def test_passphrase_is_the_users_where_there_is_one(
    service: Status, given: dict[str, str], printed: str | None
) -> None:
    assert variables(service, PATH="/usr/bin:/bin", **given).get("PULUMI_CONFIG_PASSPHRASE") == printed


def test_provider_ends_without_a_word_when_it_is_told_to(service: Status) -> None:
    directory = variables(service, PATH="/usr/bin:/bin")["PATH"].split(":")[0]
    plugin = [f"{directory}/pulumi-resource-azure-native", "127.0.0.1:1"]
    with subprocess.Popen(plugin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert int(process.stdout.readline()) > 0
        process.terminate()
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0
