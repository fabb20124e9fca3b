"""`shoal run` of a job whose tasks run on two nodes at once."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from shoal.connect import connected
from shoal.environment import Environment, Pool, to_json
from shoal.service_status import Status
from tests.environments import shoal
from tests.local.making import VM_SIZE, make_pool, wait_for_nodes

JOB = """\
job: {pool: pairs}
stages:
  - name: solve
    for_each: {product: {mesh: [coarse, fine]}}
    instances: 2
    coordination: echo {{ mesh }} > $AZ_BATCH_TASK_SHARED_DIR/mesh.txt
    command: |
      cat $AZ_BATCH_TASK_SHARED_DIR/mesh.txt > out.txt
      echo $AZ_BATCH_HOST_LIST | tr , "\\n" | wc -l >> out.txt
    outputs: [{pattern: out.txt}]
"""


def test_tasks_on_two_nodes_at_once_leave_their_results(
    service: Status, environment: Environment, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOAL_STATE", service.state_dir)
    pools = {"pairs": Pool(id=name, vm_size=VM_SIZE, task_slots_per_node=1)}
    (tmp_path / "environment.json").write_text(
        json.dumps(to_json(replace(environment, pools=pools, node_identity=None)))
    )
    (tmp_path / "job.yaml").write_text(JOB)
    with connected(environment) as services:
        make_pool(services.batch, name, nodes=2, enableInterNodeCommunication=True)
        wait_for_nodes(services.batch, name, nodes=2)
        done = shoal(service, tmp_path, "run", "job.yaml", "--job", name, "--environment", "environment.json")
        services.batch.begin_delete_pool(name)
    assert done.returncode == 0, done.stderr
    results = sorted((tmp_path / "results" / name / "solve").glob("*/out.txt"))
    assert [path.read_text().split() for path in results] == [["coarse", "2"], ["fine", "2"]]
