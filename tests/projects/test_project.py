from pathlib import Path

import pytest

from shoal.errors import BadInput
from shoal.projects.project import Stack, StackService, find_project, read_stack

PROJECT = """
name: sweep
runtime:
  name: python
config:
  service: azure
  days: {type: integer, default: 30}
  names: {type: array, items: {type: string}, default: []}
  shape: {type: object, default: {a: 1}}
  open: {type: boolean, default: false}
  title: {type: string}
  azure-native:location: {value: westeurope}
"""


def write(directory: Path, stack: str, project: str = PROJECT) -> Path:
    (directory / "Pulumi.yaml").write_text(project)
    (directory / "Pulumi.dev.yaml").write_text(stack)
    return directory


def read(directory: Path, stack: str, project: str = PROJECT) -> Stack:
    return read_stack("dev", write(directory, stack, project))


def test_defaults_are_applied_and_everything_is_text_as_pulumi_hands_it_over(tmp_path: Path) -> None:
    stack = read(tmp_path, "config:\n  sweep:title: A sweep\n  sweep:names: [a, b]\n  other:key: 1.5\n")
    assert stack.config == {
        "sweep:service": "azure",
        "sweep:days": "30",
        "sweep:names": '["a", "b"]',
        "sweep:shape": '{"a": 1}',
        "sweep:open": "false",
        "sweep:title": "A sweep",
        "azure-native:location": "westeurope",
        "other:key": "1.5",
    }
    assert stack.service is StackService.AZURE
    assert stack.project.program == tmp_path / "__main__.py"


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ("", "sweep:title is missing (Pulumi.dev.yaml)"),
        ("config: {sweep:title: 3}", "sweep:title is 3; it must be of type string (Pulumi.dev.yaml)"),
        ("config: {sweep:title: t, sweep:days: soon}", "sweep:days is soon; it must be of type integer"),
        ("config: {sweep:title: t, sweep:days: 1.5}", "sweep:days is 1.5; it must be of type integer"),
        ("config: {sweep:title: t, sweep:days: true}", "sweep:days is true; it must be of type integer"),
        ("config: {sweep:title: t, sweep:open: yes please}", "sweep:open is yes please; it must be of type boolean"),
        ("config: {sweep:title: t, sweep:names: [1]}", "sweep:names is [1]; it must be of type array"),
        ("config: {sweep:title: t, sweep:shape: []}", "sweep:shape is []; it must be of type object"),
        ("config: {title: t}", "title is not a configuration key; it must be NAMESPACE:title (Pulumi.dev.yaml)"),
        ("config:\n  sweep:title: [\n", "Pulumi.dev.yaml line 3: "),
        ("- a", "Pulumi.dev.yaml must be a mapping"),
    ],
)
def test_wrong_stack_file_is_refused_by_file_key_and_rule(tmp_path: Path, stack: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(tmp_path, stack)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("value", ["{secure: v1:abc}", "[{secure: v1:abc}]", "{deep: {secure: v1:abc}}"])
def test_encrypted_value_is_left_to_pulumis_engine(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadInput, match="other:key is encrypted, which only Pulumi's own engine can read"):
        read(tmp_path, f"config: {{sweep:title: t, other:key: {value}}}").refuse_encrypted()
    assert read(tmp_path, "config: {sweep:title: {secure: v1:abc}}").encrypted == ("sweep:title",)


def test_integer_may_be_written_as_text(tmp_path: Path) -> None:
    assert read(tmp_path, "config: {sweep:title: t, sweep:days: '7'}").config["sweep:days"] == "7"


@pytest.mark.parametrize("name", ["", "a/b", "../dev", "a b", "dev\n", "x" * 101])
def test_name_that_no_stack_can_have_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, "")
    with pytest.raises(BadInput, match="cannot name a stack: at most 100 letters, digits, hyphens"):
        read_stack(name, tmp_path)


def test_stack_without_a_file_is_refused_with_those_that_have_one(tmp_path: Path) -> None:
    write(tmp_path, "")
    with pytest.raises(BadInput, match=r"stack prod has no Pulumi.prod.yaml in .*; the stacks there are: dev"):
        read_stack("prod", tmp_path)


def test_program_in_another_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="runtime is nodejs; Shoal deploys programs in python"):
        read(tmp_path, "", "name: sweep\nruntime: nodejs\n")


def test_project_is_found_from_below(tmp_path: Path) -> None:
    write(tmp_path, "")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_project(below) == tmp_path


def test_directory_outside_of_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no Pulumi.yaml in .* or above it"):
        find_project(tmp_path)
