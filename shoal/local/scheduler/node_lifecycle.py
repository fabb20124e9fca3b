"""A node's life: created, started, set up by its start task, at work, lost and restarted, released."""

from collections.abc import Sequence
from typing import Any

import orjson

from shoal.local import chaos, times
from shoal.local.chaos import StartFault
from shoal.local.node.registry_logins import DOCKER_HUB
from shoal.local.scheduler import endings, job_lifecycle, node_usage, simulated_recovery, task_lifecycle
from shoal.local.scheduler.assignments import package
from shoal.local.scheduler.loop import Transaction
from shoal.local.scheduler.verdicts import Ending, agent_ended_failure, is_to_blame
from shoal.local.simulation import pool_clock, simulated_nodes
from shoal.local.store.account import Account
from shoal.local.store.node import Node
from shoal.local.store.pool import Pool
from shoal.local.store.queries import integer, text
from shoal.local.store.states import NodeDeallocationOption, NodeState

SHORT_LIFE = 5 * times.SECOND
MOST_SHORT_LIVES = 3
"""An agent that ends within SHORT_LIFE of its start is not started again if it has been started this often."""
MOST_BOOTS = 100
"""Agents that are started in one transaction; the others follow at the next beat."""
FAILING_START_TASK = "/bin/sh -c 'echo failed by shoal local chaos, start-task-failure-share >&2; exit 1'"
KEEPING_MACHINES = (NodeState.REBOOTING, NodeState.REIMAGING, NodeState.STARTING)
"""States of nodes that come back: they last until the agent reports."""
GOING = (NodeState.LEAVING_POOL, NodeState.PREEMPTED, NodeState.DEALLOCATING, NodeState.DEALLOCATED)
"""States that no report of the agent changes."""
WITHOUT_MACHINES = (NodeState.PREEMPTED, NodeState.DEALLOCATED)
WAITING_FOR_TASKS = (NodeDeallocationOption.TASK_COMPLETION, NodeDeallocationOption.RETAINED_DATA)


def add(tx: Transaction, pool: Pool, *, node_id: str, dedicated: bool) -> None:
    cursor = tx.connection.execute(
        "INSERT INTO nodes (pool, id, dedicated, ip_address, state, state_time, allocated)"
        " VALUES (?1, ?2, ?3, '', ?4, ?5, ?5)",
        (pool.key, node_id, dedicated, NodeState.CREATING, tx.now),
    )
    key = cursor.lastrowid or 0
    # From the key, which the row has only now: distinct among nodes, and stable through reboots.
    tx.run(
        "UPDATE nodes SET ip_address = ? WHERE key = ?", f"10.{key // 62500}.{key // 250 % 250}.{4 + key % 250}", key
    )
    _boot_in(tx, key, _boot_time(tx, pool, key, boots=1))


def boot_due(tx: Transaction) -> None:
    """Start the agents of the nodes whose machines are there by now."""
    sql = "SELECT id FROM nodes WHERE boot_due <= ? ORDER BY boot_due LIMIT ?"
    pools = dict[int, Pool]()
    for node_id in tx.all(text, sql, tx.now, MOST_BOOTS):
        # A node that restarts keeps its machine, and so its state, until its agent reports.
        tx.run(
            "UPDATE nodes SET boot_due = NULL, state = iif(state IN (?1, ?2, ?3), state, ?4), state_time = ?5"
            " WHERE id = ?6",
            *KEEPING_MACHINES,
            NodeState.CREATING,
            tx.now,
            node_id,
        )
        boot(tx, node_id, pools)


def boot_later(tx: Transaction, key: int) -> None:
    """Start the node's agent when its machine has booted."""
    node = Node.get(tx.connection, key)
    _boot_in(tx, key, _boot_time(tx, Pool.get(tx.connection, node.pool), key, boots=node.boots + 1))


def _boot_in(tx: Transaction, key: int, duration: int) -> None:
    tx.run("UPDATE nodes SET boot_due = ? WHERE key = ?", tx.now + duration, key)
    # A node that is due at once need not wait for the next beat.
    if not duration:
        boot_due(tx)


def _boot_time(tx: Transaction, pool: Pool, key: int, *, boots: int) -> int:
    """Return the time until the machine of a node is there for the start of this number."""
    simulation = pool_clock.of_pool(pool)
    if simulation is not None:
        return simulated_nodes.machine_time(simulation, key, boots)
    return times.of_seconds(chaos.load(tx.connection).boot_seconds)


def _absence(tx: Transaction, node: Node) -> int:
    """Return the time until an evicted node comes back."""
    simulation = pool_clock.of_pool(Pool.get(tx.connection, node.pool))
    if simulation is not None:
        return simulated_nodes.absence(simulation, node.key, node.boots)
    return times.of_seconds(chaos.load(tx.connection).absence_seconds)


def boot(tx: Transaction, node_id: str, pools: dict[int, Pool] | None = None) -> None:
    """Start the node's agent; reports of an earlier agent of it are stale from now on.

    `pools` keeps the pools that were read, by key, for the next node: each reading counts all nodes of one.
    """
    sql = "UPDATE nodes SET boots = boots + 1, booted = NULL, start_task_info = NULL WHERE id = ? RETURNING key"
    key = tx.one(integer, sql, node_id)
    if key is None:
        raise AssertionError(f"node {node_id} is booted but does not exist")
    node = Node.get(tx.connection, key)
    pools = {} if pools is None else pools
    if node.pool not in pools:
        pools[node.pool] = Pool.get(tx.connection, node.pool)
    pool = pools[node.pool]
    node_usage.begin(tx, pool, node)
    start_task = pool.body().get("startTask")
    _keep_start_task(tx, node, start_task)
    fault = chaos.start_fault(chaos.load(tx.connection), node.key, node.boots)
    if fault is StartFault.UNUSABLE:
        _lose_contact(tx, node)
        return
    if fault is StartFault.START_TASK_FAILS and start_task is not None:
        start_task = {**start_task, "commandLine": FAILING_START_TASK, "resourceFiles": []}
    setup = _simulated_setup(pool, node, start_task, fault) or _setup(tx, pool, node, start_task)
    tx.then(lambda agents: agents.start(node_id, node.boots, setup))


def _keep_start_task(tx: Transaction, node: Node, start_task: dict[str, Any] | None) -> None:
    """Keep what the node runs at this start: the pool may get another start task later."""
    tx.run("DELETE FROM start_tasks WHERE node = ?", node.key)
    if start_task is not None:
        tx.run("INSERT INTO start_tasks VALUES (?, ?)", node.key, orjson.dumps(start_task))


def _lose_contact(tx: Transaction, node: Node) -> None:
    """Make the node unusable without an agent, and without errors: nobody is there who could report any.

    Source: REST reference, Node, state and errors.
    """
    tx.run("UPDATE nodes SET boots = 0, errors = NULL WHERE key = ?", node.key)
    enter(tx, node.key, NodeState.UNUSABLE)
    tx.pools_to_fill.add(node.pool)


def _simulated_setup(
    pool: Pool, node: Node, start_task: dict[str, Any] | None, fault: StartFault | None
) -> dict[str, Any] | None:
    """Return the setup of a simulated node, or None for a real one."""
    simulation = pool_clock.of_pool(pool)
    if simulation is None:
        return None
    return {
        "key": node.key,
        "dedicated": node.dedicated,
        "simulation": simulation,
        "start_task": start_task,
        "start_task_fails": fault is StartFault.START_TASK_FAILS,
    }


def _setup(tx: Transaction, pool: Pool, node: Node, start_task: dict[str, Any] | None) -> dict[str, Any]:
    """Return the first message to the agent: which node it is, and what to do before the first task."""
    account = Account.get(tx.connection, pool.account)
    body = pool.body()
    return {
        "node": node.id,
        "account": account.name,
        "pool": pool.id,
        "dedicated": node.dedicated,
        "ip_address": node.ip_address,
        "identities": pool.identities,
        "auto_storage": account.storage_account,
        "start_task": start_task,
        "images": _images(body),
        "registries": _registries(body),
        "number": node.key,
        "users": [account["name"] for account in body.get("userAccounts", ())],
        "administrators": [
            account["name"] for account in body.get("userAccounts", ()) if account["elevationLevel"] == "admin"
        ],
        "packages": [
            package(tx, account.name, reference) for reference in body.get("applicationPackageReferences", ())
        ],
    }


def _images(pool_body: dict[str, Any]) -> list[str] | None:
    """Return the images that nodes of a pool for containers fetch, or None for another pool."""
    configuration = _container_configuration(pool_body)
    return None if configuration is None else list(configuration.get("containerImageNames", ()))


def _registries(pool_body: dict[str, Any]) -> list[dict[str, str]]:
    """Return the registries at which nodes log in themselves; for identities this machine's own logins stand in."""
    return [
        {
            "server": registry.get("registryServer", DOCKER_HUB),
            "username": registry["username"],
            "password": registry["password"],
        }
        for registry in (_container_configuration(pool_body) or {}).get("containerRegistries", ())
        if "username" in registry
    ]


def _container_configuration(pool_body: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] | None = pool_body.get("virtualMachineConfiguration", {}).get("containerConfiguration")
    return found


def release(tx: Transaction, node: Node, deallocation_option: NodeDeallocationOption) -> None:
    """Let a node leave the pool: at once, or (`taskcompletion`, `retaineddata`) when its tasks have ended."""
    if deallocation_option in WAITING_FOR_TASKS and running_on(tx, node):
        tx.run("UPDATE nodes SET draining = 1 WHERE key = ?", node.key)
        return
    end_tasks(tx, node, deallocation_option, "The task was ended because its node was removed from the pool")
    node_usage.end(tx, node.id)
    tx.pools_to_fill.add(node.pool)
    if node.boots == 0 or node.boot_due is not None or node.state in WITHOUT_MACHINES:
        # No agent is there that could report its end.
        tx.run("DELETE FROM nodes WHERE key = ?", node.key)
    else:
        enter(tx, node.key, NodeState.LEAVING_POOL)
    tx.then(lambda agents: agents.stop(node.id))


def end_tasks(tx: Transaction, node: Node, option: NodeDeallocationOption, message: str) -> None:
    """End the node's tasks at once: as failures with this message where the option is `terminate`, else to wait again.

    Its slots are free from now on, so the agent must be ended with its processes.
    """
    if option is NodeDeallocationOption.TERMINATE:
        busy = running_on(tx, node)
        for task in busy:
            task_lifecycle.end_running(tx, task, message)
        # The agent's report of these ends will find them completed, and so will not look at their jobs again.
        for job in {job for task in busy for job in tx.all(integer, "SELECT job FROM tasks WHERE key = ?", task.key)}:
            job_lifecycle.complete_if_done(tx, job)
    # `terminate` has completed its tasks above: they are not requeued, only their slots become free.
    task_lifecycle.requeue_from(tx, node.id)


def running_on(tx: Transaction, node: Node) -> list[task_lifecycle.Running]:
    return tx.all(
        task_lifecycle.Running._make,
        "SELECT tasks.key, tasks.attempt, tasks.node, tasks.requeue_count, tasks.state FROM allocations"
        " JOIN tasks ON tasks.key = allocations.task AND tasks.attempt = allocations.attempt"
        " WHERE allocations.node = ? AND tasks.state IN (?, ?)",
        node.id,
        *task_lifecycle.ON_NODE,
    )


def enter(tx: Transaction, key: int, state: NodeState) -> None:
    tx.run("UPDATE nodes SET state = ?, state_time = ? WHERE key = ?", state, tx.now, key)


def keep_draining(tx: Transaction, pool: int, *, dedicated: bool, most: int) -> int:
    """Keep up to `most` of the nodes that wait for their last tasks before they leave. Return how many were kept."""
    return tx.run(
        "UPDATE nodes SET draining = 0 WHERE key IN (SELECT key FROM nodes"
        " WHERE pool = ? AND dedicated = ? AND draining AND state != ? LIMIT ?)",
        pool,
        dedicated,
        NodeState.LEAVING_POOL,
        most,
    )


def preempt(tx: Transaction, node: Node) -> None:
    """Take a Spot machine away: its tasks wait again, its data is lost, and it comes back with the same id.

    Source: "Use Spot VMs with Batch": the node stays in the pool as `preempted`, and the pool tries to restore it.
    """
    task_lifecycle.requeue_from(tx, node.id)
    node_usage.end(tx, node.id)
    enter(tx, node.key, NodeState.PREEMPTED)
    tx.pools_to_fill.add(node.pool)
    tx.then(lambda agents: agents.stop(node.id))


def fill_disk(tx: Transaction, node: Node) -> None:
    """Let the disk of a node be full: its tasks wait again, and nothing runs there any more. It keeps its files.

    Source: logs of the node's agent; REST reference, Node, errors.
    """
    task_lifecycle.requeue_from(tx, node.id)
    fault = [{"code": "DiskFull", "message": "There is not enough disk space on the node.", "errorDetails": []}]
    # The end of its agent is awaited by nobody; boots of 0 tell `release` so.
    tx.run("UPDATE nodes SET boots = 0, errors = ? WHERE key = ?", orjson.dumps(fault), node.key)
    enter(tx, node.key, NodeState.UNUSABLE)
    tx.pools_to_fill.add(node.pool)
    tx.then(lambda agents: agents.close(node.id))


def evict(tx: Transaction, node_id: str, boots: int) -> None:
    """Take a Spot machine away unless it has gone, or has been started again since this boot."""
    if (node := _current(tx, node_id, boots)) is not None:
        preempt(tx, node)


def on_state(
    tx: Transaction,
    node_id: str,
    boots: int,
    state: NodeState,
    *,
    start_task_info: dict[str, Any] | None = None,
    node_errors: list[dict[str, Any]] | None = None,
) -> None:
    """Apply an agent's report of its node's state."""
    node = _current(tx, node_id, boots)
    if node is None:
        return
    if state is NodeState.IDLE and node.unscheduled:
        state = NodeState.OFFLINE
    tx.run(
        "UPDATE nodes SET state = ?1, state_time = ?2, booted = iif(?1 = ?6, ?2, booted),"
        " start_task_info = ifnull(?3, start_task_info), errors = ?4 WHERE key = ?5",
        state,
        tx.now,
        None if start_task_info is None else orjson.dumps(start_task_info),
        None if node_errors is None else orjson.dumps(node_errors),
        node.key,
        NodeState.STARTING,
    )
    tx.pools_to_fill.add(node.pool)


def on_start_task(tx: Transaction, node_id: str, boots: int, start_task_info: dict[str, Any]) -> None:
    """Keep the start task's progress where the node's state does not depend on it."""
    if (node := _current(tx, node_id, boots)) is not None:
        tx.run("UPDATE nodes SET start_task_info = ? WHERE key = ?", orjson.dumps(start_task_info), node.key)


def on_gone(tx: Transaction, node_id: str, boots: int) -> None:
    """Follow the end of an agent's process: it was requested, or else the node has failed and is started again."""
    node = Node.of_boot(tx.connection, node_id, boots)
    if node is None:
        return
    tx.pools_to_fill.add(node.pool)
    if node.state is NodeState.LEAVING_POOL:
        tx.run("DELETE FROM nodes WHERE key = ?", node.key)
        return
    if node.state is NodeState.DEALLOCATING:
        _give_back(tx, node.key, node.id)
        return
    if node.state in (NodeState.REBOOTING, NodeState.REIMAGING) and node.booted is not None:
        # By request. Without `booted` its new agent has ended before its first report.
        if node.state is NodeState.REIMAGING:
            # Nothing is left of what was prepared there, so no job release task is owed to it either.
            tx.run("DELETE FROM job_node_tasks WHERE node = ?", node.id)
            tx.run("DELETE FROM node_users WHERE node = ?", node.key)
        boot_later(tx, node.key)
        return
    if node.state is NodeState.PREEMPTED:
        # Counted from here: two agents of one node would be in each other's way.
        tx.run(
            "UPDATE nodes SET boot_due = ? WHERE key = ?",
            tx.now + _absence(tx, node),
            node.key,
        )
        return
    busy = running_on(tx, node)
    _blame(tx, node, busy)
    task_lifecycle.requeue_from(tx, node_id)
    # Without `booted` the agent ended before its first report; the state then dates from its start.
    lived = tx.now - (node.booted or node.state_time)
    # With tasks running, one of them may have ended it, which must not cost the pool its nodes one by one.
    if lived < SHORT_LIFE and boots >= MOST_SHORT_LIVES and not busy:
        _give_up(tx, node, lived)
    else:
        _start_again(tx, node)


def _give_back(tx: Transaction, key: int, node_id: str) -> None:
    """Let a node be without its machine, from now on."""
    node_usage.end(tx, node_id)
    enter(tx, key, NodeState.DEALLOCATED)


def _blame(tx: Transaction, node: Node, busy: Sequence[task_lifecycle.Running]) -> None:
    """Let the tasks that have lost too many agents spend a retry, or fail; the others wait again without."""
    # Without slots no process of the task was there any more.
    holding = set(tx.all(integer, "SELECT task FROM allocations WHERE node = ? AND slots > 0", node.id))
    suspects = [task for task in busy if task.key in holding]
    endings.on_ended(
        tx,
        node.id,
        [
            (task.key, task.attempt, Ending(ended=tx.now, failure=agent_ended_failure(node.id)))
            for task in suspects
            if is_to_blame(task.requeue_count, alone=len(suspects) == 1)
        ],
    )


def _give_up(tx: Transaction, node: Node, lived: int) -> None:
    message = f"The node's agent ended {node.boots} times, the last time {lived / times.SECOND:.1f} s after its start."
    fault = [{"code": "NodeAgentFailed", "message": message, "errorDetails": []}]
    # No agent is left that would report its end; boots of 0 tell `release` so.
    tx.run("UPDATE nodes SET boots = 0, errors = ? WHERE key = ?", orjson.dumps(fault), node.key)
    enter(tx, node.key, NodeState.UNUSABLE)


def _start_again(tx: Transaction, node: Node) -> None:
    enter(tx, node.key, NodeState.REBOOTING)
    boot(tx, node.id)


def recover(tx: Transaction) -> None:
    """Start on the state of an earlier service, which may have ended at any moment: no agent is alive."""
    # Nothing but the ends of their agents was awaited.
    tx.run("DELETE FROM nodes WHERE state = ?", NodeState.LEAVING_POOL)
    going_on = simulated_recovery.go_on(tx)
    # The other nodes count their boots anew below; no count of before may look like one of theirs.
    sql = "UPDATE job_node_tasks SET boots = 0 WHERE node NOT IN (SELECT value FROM json_each(?))"
    tx.run(sql, orjson.dumps(sorted(going_on)).decode())
    for key, node_id in tx.all(tuple, "SELECT key, id FROM nodes WHERE state = ?", NodeState.DEALLOCATING):
        _give_back(tx, key, node_id)
    for node in tx.all(Node.from_row, "SELECT * FROM busy_nodes WHERE state != ?", NodeState.DEALLOCATED):
        if node.id in going_on:
            continue
        task_lifecycle.requeue_from(tx, node.id)
        # Boots count towards giving up; a restart of the service is no fault of the node's.
        tx.run("UPDATE nodes SET boots = 0, boot_due = NULL WHERE key = ?", node.key)
        _start_again(tx, node)
    # Every pool: one without nodes may still have to become steady, or to go.
    tx.pools_to_fill.update(tx.all(integer, "SELECT key FROM pools"))


def _current(tx: Transaction, node_id: str, boots: int) -> Node | None:
    """Return the node, or None where the report of this boot is stale or the node is on its way out."""
    node = Node.of_boot(tx.connection, node_id, boots)
    return None if node is None or node.state in GOING else node
