"""A stack without a deployment: a service, its containers, and the clients that commands use."""

from collections.abc import Iterator
from contextlib import contextmanager

from service import Service, service

from shoal.connect import Services, services_by_keys
from shoal.environment import Authentication, Containers, Environment, Pool

SLOTS = 4


@contextmanager
def services() -> Iterator[Services]:
    """Return clients of a new service, with the containers of a stack."""
    with service() as running, clients(running) as made:
        yield made


@contextmanager
def clients(running: Service) -> Iterator[Services]:
    """Make the containers of a stack in a service, and return clients as commands have them."""
    status = running.status
    made = services_by_keys(_environment(running), batch_key=status.key, storage_key=status.storage_key)
    with made.batch, made.blobs:
        for container in ("inputs", "outputs", "logs"):
            made.blobs.create_container(container)
        yield made


def _environment(running: Service) -> Environment:
    status = running.status
    return Environment(
        project="bench",
        stack="local",
        subscription_id="00000000-0000-0000-0000-000000000000",
        resource_group="bench",
        location="westeurope",
        arm_endpoint=status.arm_endpoint,
        batch_account=status.account,
        batch_endpoint=status.batch_endpoint,
        storage_account=status.storage_account,
        storage_resource_group="bench",
        blob_endpoint=status.blob_endpoint,
        authentication=Authentication.SHARED_KEY,
        containers=Containers(inputs="inputs", outputs="outputs", logs="logs"),
        node_identity=None,
        pools={"bench": Pool(id="bench", vm_size="standard_d2s_v3", task_slots_per_node=SLOTS)},
        packages={},
    )
