"""The embedded engine, with small programs of the tests' own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from shoal.deploy.embedded.stack_record import RecordedResource, StackRecord, save_record
from tests.deploy.projects import Project
from tests.waiting import wait_until

GROUP = """
import pulumi
from pulumi_azure_native import managedidentity, resources
name = pulumi.get_project()
group = resources.ResourceGroup("group", resource_group_name=name, location="westeurope")
"""
IDENTITY = """
identity = managedidentity.UserAssignedIdentity("nodes", resource_group_name=group.name, resource_name_="nodes")
"""


def group_path(project: Project) -> str:
    return f"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/{project.name}"


def identity_path(project: Project, identity: str = "nodes") -> str:
    return f"{group_path(project)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}"


def exists(project: Project, path: str) -> bool:
    return project.service.arm.get(path, "2024-03-01") is not None


def test_second_deployment_changes_nothing_and_says_so(project: Project) -> None:
    project.program(GROUP + IDENTITY)
    assert "2 created, 0 unchanged" in project.up()
    assert "No changes: all 2 resources are as declared." in project.up()


def test_resource_without_a_location_takes_its_groups(project: Project) -> None:
    project.program(GROUP + IDENTITY + "pulumi.export('where', identity.location)")
    project.up()
    assert json.loads(project.shoal("outputs", "--json").stdout) == {"where": "westeurope"}


def test_message_of_more_than_four_megabytes_reaches_the_engine(project: Project) -> None:
    project.program("import pulumi\npulumi.export('large', 'x' * 5_000_000)")
    project.up()
    assert json.loads(project.shoal("outputs", "--json").stdout) == {"large": "x" * 5_000_000}


def test_changed_input_updates_in_place(project: Project) -> None:
    project.program(GROUP)
    project.up()
    project.program(GROUP.replace('location="westeurope"', 'location="westeurope", tags={"a": "b"}'))
    assert " ~  resources:ResourceGroup group updated  [diff: +tags]" in project.up()
    group = project.service.arm.get(group_path(project), "2024-03-01")
    assert group is not None
    assert group["tags"] == {"a": "b"}


def test_input_that_cannot_change_replaces(project: Project) -> None:
    project.program(GROUP + IDENTITY)
    project.up()
    project.program(GROUP + IDENTITY.replace('resource_name_="nodes"', 'resource_name_="other"'))
    assert " +- managedidentity:UserAssignedIdentity nodes replaced  [diff: ~resourceName]" in project.up()
    assert not exists(project, identity_path(project))
    assert exists(project, identity_path(project, "other"))


def test_replacement_of_the_owner_replaces_what_it_owned(project: Project) -> None:
    project.program(GROUP + IDENTITY)
    project.up()
    project.program((GROUP + IDENTITY).replace("resource_group_name=name", "resource_group_name=name + '-x'"))
    assert "2 replaced, 0 unchanged" in project.up()
    assert not exists(project, group_path(project))
    assert exists(project, f"{group_path(project)}-x")


def test_resource_that_is_no_longer_declared_is_deleted(project: Project) -> None:
    project.program(GROUP + IDENTITY)
    project.up()
    project.program(GROUP)
    assert " -  managedidentity:UserAssignedIdentity nodes deleted" in project.up()
    assert not exists(project, identity_path(project))


def test_nothing_is_deleted_by_a_program_that_fails(project: Project) -> None:
    project.program(GROUP + IDENTITY)
    project.up()
    project.program(GROUP + "raise RuntimeError('no luck')")
    failed = project.shoal("up", "-y")
    assert failed.returncode == 1
    assert "error: RuntimeError: no luck" in failed.stderr
    assert 'File "' in failed.stderr
    assert exists(project, identity_path(project))


def test_resource_that_somebody_deleted_is_made_again(project: Project) -> None:
    project.program(GROUP + IDENTITY)
    project.up()
    project.service.arm.delete(identity_path(project), "2023-01-31")
    assert "1 created, 1 unchanged" in project.up()
    assert exists(project, identity_path(project))


def test_resource_of_somebody_else_is_not_taken_over(project: Project) -> None:
    project.service.arm.put(group_path(project), "2024-03-01", {"location": "westeurope"})
    project.program(GROUP)
    refused = project.shoal("up", "-y")
    assert refused.returncode == 1
    assert "exists already and is not this stack's; give it another name" in refused.stderr


def test_resource_whose_creation_was_broken_off_is_gone_on_with(project: Project) -> None:
    project.program(GROUP)
    project.service.arm.put(group_path(project), "2024-03-01", {"location": "westeurope"})
    broken_off = RecordedResource(
        urn=f"urn:pulumi:local::{project.name}::azure-native:resources:ResourceGroup::group",
        type="azure-native:resources:ResourceGroup",
        id=group_path(project),
        inputs={},
        pending=True,
    )
    save_record(project.service.arm, StackRecord(project=project.name, stack="local", resources=(broken_off,)))
    project.up()
    assert "No changes" in project.up()


def test_killed_deployment_leaves_no_process_and_the_next_one_goes_on(project: Project, tmp_path: Path) -> None:
    waiting = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)\n"
    project.program(GROUP + f"group.id.apply(lambda _: exec({waiting!r}))")
    engine = subprocess.Popen(
        [sys.executable, "-m", "shoal", "up", "-y"],
        cwd=project.directory,
        env={**os.environ, "SHOAL_STATE": project.status.state_dir},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    program = int(wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    wait_until(lambda: not Path(f"/proc/{program}").exists())
    project.program(GROUP)
    assert "No changes: all 1 resources are as declared." in project.up()


def test_preview_says_what_would_happen_and_does_nothing(project: Project) -> None:
    project.program(GROUP + IDENTITY)
    seen = project.shoal("preview", "--json")
    assert [change["operation"] for change in json.loads(seen.stdout)["changes"]] == ["create", "create"]
    assert not exists(project, group_path(project))
    assert project.record() is None


def test_stack_that_is_taken_down_leaves_nothing(project: Project) -> None:
    project.program(GROUP + IDENTITY)
    project.up()
    assert project.shoal("down").returncode == 2
    assert exists(project, group_path(project))
    assert "2 deleted" in project.shoal("down", "-y").stdout
    assert not exists(project, group_path(project))
    assert project.record() is None
    assert "is not deployed" in project.shoal("down", "-y").stderr


def test_stack_that_is_being_deployed_is_refused_to_others(project: Project) -> None:
    project.program(GROUP + "import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(60)\n")
    with subprocess.Popen(
        [sys.executable, "-m", "shoal", "up", "-y"],
        cwd=project.directory,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as other:
        wait_until((project.directory / "begun").exists)
        project.program(GROUP)
        refused = project.shoal("up", "-y")
        other.kill()
    assert refused.returncode == 1
    assert "stack local is being deployed by another `shoal`; wait until that has ended" in refused.stderr
    assert "1 created" in project.up()
