"""`shoal init`: what it makes, and what it refuses. `tests/distribution` runs a project that it made."""

import json
import os
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from components.packages.package_content import content_version
from shoal.azure.images import IMAGES
from shoal.cli import shoal
from shoal.errors import BadInput
from shoal.projects.new_project import make_project
from shoal.projects.project import read_stack
from shoal.projects.template_files import template_files, template_names
from shoal.projects.templates import Template, find_template, templates
from tests.services import REPOSITORY, TEMPLATE
from tests.test_workflow_files import SCHEMAS, validated

FILES = sorted(path.removesuffix(".j2") for path, _ in template_files())


def test_project_has_every_file_of_the_template_and_its_own_name(tmp_path: Path) -> None:
    made = make_project(tmp_path / "pricing")
    assert made.files == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pricing"]
    assert read_stack("local", made.directory).config["pricing:service"] == "embedded"
    assert [job["file"] for job in json.loads(read_stack("dev", made.directory).config["pricing:jobs"])] == [
        "task_templates/sweep.yaml"
    ]


def test_defaults_stand_in_the_configuration_of_the_package_only(tmp_path: Path) -> None:
    declared = yaml.safe_load((make_project(tmp_path / "pricing").directory / "Pulumi.yaml").read_text())
    assert declared == {**yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text()), "name": "pricing"}


def test_project_pins_what_is_installed_and_the_content_of_its_application(tmp_path: Path) -> None:
    directory = make_project(tmp_path / "pricing").directory
    pinned = (directory / "requirements.txt").read_text().splitlines()
    for name in ("pulumi", "pulumi-azure-native", "pulumi-policy", "azure-batch", "uvicorn"):
        assert f"{name}=={version(name)}" in pinned
    assert any(re.match(r"shoal\[local,policy\]( @ |==)", line) for line in pinned)
    lock = (REPOSITORY / "requirements.lock").read_text()
    for line in pinned[pinned.index("# For the tests") + 1 :]:
        assert f"\n{line} " in lock
    (package,) = json.loads(read_stack("dev", directory).config["pricing:packages"])
    assert package["version"] == content_version(directory / "app")


@pytest.mark.parametrize("template", template_names())
def test_template_fits_its_stacks_and_its_job_has_no_problem(tmp_path: Path, template: str) -> None:
    directory = make_project(tmp_path / "pricing", template).directory
    stack = read_stack("dev", directory)
    (package,) = json.loads(stack.config["pricing:packages"])
    assert package == json.loads(read_stack("local", directory).config["pricing:packages"])[0] | {
        "version": content_version(directory / "app")
    }
    listed = json.loads(stack.config.get("pricing:jobs", "[]"))
    assert [job["file"] for job in listed] == [f"task_templates/{template}.yaml"][: find_template(template).listed]
    checked = CliRunner().invoke(shoal, ["check", str(directory / "task_templates" / f"{template}.yaml"), "--json"])
    assert (checked.exit_code, json.loads(checked.output)["warnings"]) == (0, [])
    readme = (directory / "README.md").read_text()
    assert readme.splitlines()[2].startswith(find_template(template).summary)
    assert "[[" not in readme


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_packages_of_a_templates_tasks_are_pinned_here_and_on_the_nodes(tmp_path: Path, template: Template) -> None:
    directory = make_project(tmp_path / "pricing", template.name).directory
    lines = (directory / "requirements.txt").read_text().splitlines()
    start = json.loads(read_stack("dev", directory).config["pricing:pools"])[0].get("startTask", {"commandLine": ""})
    for requirement in template.requirements:
        assert re.fullmatch(r"[a-z-]+==[\d.]+", requirement)
        assert requirement in lines
        assert requirement in start["commandLine"]
    assert bool(template.requirements) == bool(start["commandLine"])


def test_list_of_templates_has_a_sentence_for_each() -> None:
    listed = CliRunner().invoke(shoal, ["init", "--list"])
    lines = [re.split(r" {2,}", line) for line in listed.output.splitlines()]
    assert lines == [[template.name, template.summary] for template in templates()]
    assert [line for line in listed.output.splitlines() if len(line) > 100 or not line.endswith(".")] == []


def test_page_of_templates_has_a_row_for_each() -> None:
    page = (REPOSITORY / "docs" / "templates.md").read_text()
    assert re.findall(r"^\| `(\w+)` ?(?:\(the default\) )?\| ", page, re.MULTILINE) == template_names()


def test_template_that_is_not_there_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no template 'tile'; did you mean tiles"):
        make_project(tmp_path / "pricing", "tile")
    assert list(tmp_path.iterdir()) == []


def test_files_for_ci_are_valid_and_what_they_run_is_there(tmp_path: Path) -> None:
    directory = make_project(tmp_path / "pricing").directory
    files = [(directory / path.relative_to(TEMPLATE), schema) for path, schema in SCHEMAS.items()]
    assert [done.stdout for file, schema in files if (done := validated(file, schema)).returncode] == []
    text = "\n".join(file.read_text() for file, _ in files)
    scripts = set(re.findall(r"ci/\w+\.sh", text))
    assert {"ci/install.sh", "ci/comment.sh"} <= scripts
    assert [name for name in scripts if not os.access(directory / name, os.X_OK)] == []
    commands = "\n".join((directory / name).read_text() for name in scripts)
    targets = set(re.findall(r"^make (\S+)$", commands, re.MULTILINE))
    assert targets
    subprocess.run(["make", "-n", *targets], cwd=directory, check=True, capture_output=True)


def test_image_whose_versions_the_stack_tells_how_to_list_is_the_one_of_its_pool(tmp_path: Path) -> None:
    directory = make_project(tmp_path / "pricing").directory
    (pool,) = json.loads(read_stack("dev", directory).config["pricing:pools"])
    image = IMAGES[pool["image"]]
    command = f"az vm image list --all --publisher {image.publisher} --offer {image.offer} --sku {image.sku} "
    assert command in (directory / "Pulumi.dev.yaml").read_text()


@pytest.mark.parametrize("name", ["class", "2026", "1e3", "true", "A.B-c_d", "x" * 80])
def test_project_may_have_any_name_that_pulumi_takes(tmp_path: Path, name: str) -> None:
    stack = read_stack("dev", make_project(tmp_path / name).directory)
    assert (stack.project.name, stack.config[f"{name}:service"]) == (name, "azure")
    assert f'name: "{name}"\n' in (tmp_path / name / "Pulumi.yaml").read_text()


def test_directory_that_is_there_and_empty_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not replaced: a shell that stood in it would stand nowhere."""
    directory = tmp_path / "pricing"
    directory.mkdir()
    same = directory.stat().st_ino
    monkeypatch.chdir(directory)
    made = make_project(Path())
    assert (made.name, directory.stat().st_ino) == ("pricing", same)
    assert sorted(path.name for path in directory.iterdir()) == sorted({file.split("/")[0] for file in made.files})
    again = make_project(Path())
    assert (again.files, again.kept) == ([], made.files)


def contents(directory: Path) -> dict[str, str]:
    paths = [path for path in directory.rglob("*") if path.is_file()]
    return {path.relative_to(directory).as_posix(): path.read_text() for path in paths}


def test_project_in_a_fresh_repository_leaves_what_is_there(tmp_path: Path) -> None:
    directory = tmp_path / "pricing"
    subprocess.run(["git", "init", "--quiet", str(directory)], check=True)
    (directory / "README.md").write_text("mine\n")
    repository = contents(directory)
    made = make_project(directory)
    assert (made.kept, made.files) == (["README.md"], [file for file in FILES if file != "README.md"])
    assert repository.items() <= contents(directory).items()
    assert set(contents(directory)) == {*repository, *FILES}


def test_existing_project_keeps_its_files_and_gives_its_name_to_the_new_ones(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    mine = {"Pulumi.yaml": "name: pricing\nruntime: python\n", "app/estimate.py": "# mine\n", "other.txt": "mine"}
    for name, text in mine.items():
        (tmp_path / name).write_text(text)
    made = make_project(tmp_path)
    assert (made.name, made.kept) == ("pricing", ["Pulumi.yaml", "app/estimate.py"])
    assert mine.items() <= contents(tmp_path).items()
    assert "pricing:service: embedded" in (tmp_path / "Pulumi.local.yaml").read_text()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("app", "app is a file, and the project needs a folder of that name; nothing was written"),
        ("Makefile/x", "Makefile is a folder; the project needs a file of that name; nothing was written"),
        ("Pulumi.yaml", "Pulumi.yaml has no key `name`; add it, or remove the file; nothing was written"),
    ],
)
def test_project_that_does_not_fit_between_what_is_there_is_refused(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(BadInput, match=re.escape(message)):
        make_project(tmp_path)
    assert contents(tmp_path) == before


def test_project_file_that_is_not_yaml_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: [pricing\nruntime: python\n")
    with pytest.raises(BadInput) as refused:
        make_project(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}/Pulumi.yaml line 2: expected ',' or ']', but got ':'; nothing was written"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="everything can be written by root")
def test_project_that_cannot_be_written_whole_is_taken_back(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir(mode=0o500)
    with pytest.raises(BadInput, match="nothing was written"):
        make_project(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tests"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a b", "'a b' cannot name a project: at most 80 letters, digits, hyphens, underscores and periods"),
        ("ä", "'ä' cannot name a project"),
        ("x" * 81, "cannot name a project"),
        ("-x", "a letter or a digit first"),
        ("/", "'' cannot name a project"),
        ("/proc/pricing", "/proc/pricing cannot be written: "),
        ("nowhere/pricing", "there is no directory "),
        ("full/file", "exists already and is not a directory; nothing was written"),
    ],
)
def test_refused_project_writes_nothing(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("kept")
    with pytest.raises(BadInput) as refused:
        make_project(tmp_path / name)
    assert message in str(refused.value)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == ["full", "full/file"]
