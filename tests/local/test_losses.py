"""Full disks of nodes and killed storage, by rate and seed or at once; its return is tested in test_recovery.py."""

from pathlib import Path
from typing import cast

import pytest
from azure.batch import BatchClient
from azure.batch.models import BatchPoolResizeOptions
from click.testing import CliRunner

from shoal.cli.local import local
from shoal.local import chaos
from shoal.local.chaos import Chaos
from shoal.local.errors import BatchError
from shoal.local.scheduler import losses
from shoal.local.scheduler.loop import Agents
from shoal.local.scheduler.losses import Losses
from shoal.local.store.queries import text
from shoal.service_status import Status
from tests.local.making import completed, make_job, make_pool, task, wait_for_nodes, wait_for_state
from tests.local.paper import PoolOnPaper

UNUSABLE = "SELECT id FROM nodes WHERE state = 'unusable' ORDER BY key"


class Closed:
    """Agents that end when they are told to."""

    def close(self, node: str) -> None:
        assert node


def struck(directory: Path, seed: int) -> tuple[list[int], list[int]]:
    """Return how many of 50 nodes have full disks, and how often storage was killed, after each of ten looks."""
    directory.mkdir()
    pool = PoolOnPaper(directory, "$TargetLowPriorityNodes = 0;", "PT5M")
    pool.size(pool.at(0), spot=40, dedicated=10)
    chaos.store(pool.connection, Chaos(full_disks_per_node_hour=3.0, storage_kills_per_hour=50.0, seed=seed))
    kills: list[int] = []
    drawing, full, killed = Losses(lambda: kills.append(1)), [], []
    for look in range(11):
        tx = pool.at(36 * look)
        drawing.draw(tx)
        full.append(len(tx.all(text, UNUSABLE)))
        for effect in tx.effects:
            effect(cast("Agents", Closed()))
        killed.append(len(kills))
    return full, killed


def test_same_seed_strikes_the_same(tmp_path: Path) -> None:
    full, killed = struck(tmp_path / "1", seed=7)
    assert (full[0], killed[0]) == (0, 0), "nothing has passed before the first look"
    assert 5 < full[-1] < 25
    assert 1 < killed[-1] < 10
    assert (full, killed) == struck(tmp_path / "2", seed=7)
    assert (full, killed) != struck(tmp_path / "3", seed=8)


def test_only_disks_of_nodes_at_work_can_be_filled(tmp_path: Path) -> None:
    pool = PoolOnPaper(tmp_path, "$TargetLowPriorityNodes = 0;", "PT5M")
    tx = pool.at(0)
    pool.size(tx, spot=1)
    with pytest.raises(BatchError, match="Node x is not at work"):
        losses.fill_disk_of(tx, "x")
    assert [losses.fill_disk_of(tx, None)] == tx.all(text, UNUSABLE)
    with pytest.raises(BatchError, match="No node is at work"):
        losses.fill_disk_of(tx, None)


def test_node_with_a_full_disk_is_unusable_and_its_tasks_run_elsewhere(
    client: BatchClient, service: Status, name: str
) -> None:
    make_pool(client, name, nodes=1)
    (node,) = wait_for_nodes(client, name, nodes=1)
    make_job(client, name, name)
    client.create_task(name, task("t", f"/bin/sh -c '[ $AZ_BATCH_NODE_ID != {node.id} ] || sleep 600'"))
    wait_for_state(client, name, "t", "running")
    chaos_command(service, "--fill-disk", node.id, shows=f"filled the disk of {node.id}")
    full = client.get_node(name, node.id)
    assert (full.state, [error.code for error in full.errors or []]) == ("unusable", ["DiskFull"])
    assert client.get_task(name, "t").state == "active"
    client.begin_resize_pool(name, BatchPoolResizeOptions(target_dedicated_nodes=2), polling_interval=0)
    done = completed(client, name, "t")
    assert done.execution_info is not None
    assert (done.execution_info.retry_count, done.execution_info.requeue_count) == (0, 1)


def chaos_command(status: Status, *arguments: str, shows: str) -> None:
    done = CliRunner().invoke(local, ["chaos", "--state", status.state_dir, *arguments])
    assert (done.exit_code, shows in done.output) == (0, True), done.output
