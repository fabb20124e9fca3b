from pathlib import Path

import pytest

from shoal.errors import BadInput
from shoal.projects.configuration_keys import is_provider, key_faults
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


@pytest.mark.parametrize(
    ("config", "messages"),
    [
        ("{sweep:title: t, sweep:servce: embedded}", ["sweep:servce is not a known key; did you mean sweep:service?"]),
        ("{sweep:title: t, sweep:zzz: 1}", ["sweep:zzz is not a known key; Pulumi.yaml declares days, names, open,"]),
        (
            "{sweep:title: t, sewep:service: embedded}",
            [
                "sewep:service has a namespace that is neither the project's nor an installed provider's;"
                " did you mean sweep:service? If not, give it under config in Pulumi.yaml (Pulumi.dev.yaml)"
            ],
        ),
        ("{sweep:title: t, other:days: 3}", ["other:days has a namespace that is neither"]),
        ("{sweep:title: t, azure-natvie:region: x}", ["azure-natvie:region has a namespace that is neither"]),
        (
            "{sweep:titel: t, other:service: embedded, days: 3, sweep:open: perhaps}",
            [
                "sweep:titel is not a known key; did you mean sweep:title?",
                "other:service has a namespace",
                "days is not a configuration key; it must be NAMESPACE:days (Pulumi.dev.yaml)",
                "sweep:open is perhaps; it must be of type boolean (Pulumi.dev.yaml)",
            ],
        ),
        ("[a]", ["config must be a mapping of keys to values (Pulumi.dev.yaml)"]),
    ],
)
def test_mistyped_keys_and_namespaces_are_refused_together(tmp_path: Path, config: str, messages: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        read(tmp_path, f"config: {config}")
    lines = str(refused.value).splitlines()
    assert len(lines) == len(messages), lines
    for line, message in zip(lines, messages, strict=True):
        assert line.startswith(message)


@pytest.mark.parametrize(
    "key", ["aws:region", "pulumi:tags", "azure-native:title", "azure:subscriptionId", "sweep:jobs"]
)
def test_keys_of_providers_and_libraries_are_left_alone(tmp_path: Path, key: str) -> None:
    assert read(tmp_path, f"config: {{sweep:title: t, {key}: x}}").config[key] == "x"


def test_namespace_of_an_installed_provider_may_share_a_key_with_the_project() -> None:
    def faults(*providers: str) -> list[str | None]:
        found = key_faults(
            ["cloud:days"], project="sweep", declared=["sweep:days"], is_provider=lambda name: name in providers
        )
        return [fault.meant for fault in found]

    assert (faults("cloud"), faults()) == ([], ["sweep:days"])
    assert is_provider("azure-native")
    assert not is_provider("azure-natvie")
    assert not is_provider("a.b")


def test_project_without_declarations_may_read_any_key_but_one_that_is_nearly_the_service(tmp_path: Path) -> None:
    project = "name: sweep\nruntime: python\n"
    assert read(tmp_path, "config: {sweep:days: 3}", project).config == {"sweep:days": "3"}
    with pytest.raises(BadInput, match="sweep:servce is not a known key; did you mean sweep:service"):
        read(tmp_path, "config: {sweep:servce: embedded}", project)


def test_key_in_pulumis_long_form_is_the_same_key(tmp_path: Path) -> None:
    stack = read(tmp_path, "config: {sweep:config:title: t, sweep:config:service: embedded}")
    assert (stack.config["sweep:title"], stack.service) == ("t", StackService.EMBEDDED)


@pytest.mark.parametrize(
    "project", ["name: sweep\nruntime: python\n", "{name: sweep, runtime: python, config: {service: {type: string}}}"]
)
def test_stack_that_does_not_name_its_service_is_asked_for_it(tmp_path: Path, project: str) -> None:
    with pytest.raises(BadInput) as refused:
        _ = read(tmp_path, "", project).service
    assert str(refused.value) == (
        "sweep:service is not given; give azure for a stack in Azure, or embedded for one on this machine"
        " (Pulumi.dev.yaml)"
    )


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


def test_project_is_found_from_another_place_only_where_the_first_has_none(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "jobs").mkdir(parents=True)
        write(tmp_path / name, "")
    assert find_project(tmp_path, tmp_path / "two" / "jobs") == tmp_path / "two"
    assert find_project(tmp_path / "one", tmp_path / "two") == tmp_path / "one"


def test_directory_outside_of_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no Pulumi.yaml in .* or above it"):
        find_project(tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x81", b"config: \x00\x01"])
def test_binary_stack_file_is_one_message(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.bin.yaml").write_bytes(content)
    with pytest.raises(BadInput, match=r"Pulumi\.bin\.yaml is not text in YAML"):
        read_stack("bin", tmp_path)
