"""The service's lists of images and VM sizes, which are the project's own tables."""

import pytest
from azure.batch import BatchClient
from azure.mgmt.batch import BatchManagementClient

from shoal.azure.images import IMAGES
from shoal.azure.vm_sizes import VM_SIZES
from tests.local.arm.conftest import management
from tests.raw import Raw

__all__ = ["management"]


def test_every_image_of_the_table_is_supported_with_its_agent_and_end(client: BatchClient) -> None:
    offered = {
        (image.image_reference.offer, image.image_reference.sku, image.node_agent_sku_id): image
        for image in client.list_supported_images()
    }
    assert len(offered) == len(IMAGES)
    for image in IMAGES.values():
        found = offered[(image.offer, image.sku, image.node_agent)]
        assert found.batch_support_end_of_life is not None
        assert found.batch_support_end_of_life.date() == image.end_of_life
    assert offered[("windowsserver", "2022-datacenter", "batch.node.windows amd64")].os_type == "windows"


def test_list_of_images_has_pages(client: BatchClient) -> None:
    assert len(list(client.list_supported_images(max_results=3))) == len(IMAGES)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("verificationType eq 'verified'", len(IMAGES)),
        ("verificationType eq 'unverified'", 0),
        ("osType eq 'Windows'", sum(image.node_agent.startswith("batch.node.windows") for image in IMAGES.values())),
        (
            "imageReference/publisher eq 'Canonical' and startswith(nodeAgentSKUId,'batch.node.ubuntu 22')",
            sum(
                (image.publisher, image.node_agent) == ("canonical", "batch.node.ubuntu 22.04")
                for image in IMAGES.values()
            ),
        ),
    ],
)
def test_images_are_filtered(client: BatchClient, text: str, number: int) -> None:
    assert len(list(client.list_supported_images(filter=text, max_results=5))) == number


@pytest.mark.parametrize("text", ["name eq 'x'", "osType gt 'linux'", "verificationType eq 3"])
def test_filter_that_images_do_not_have_is_refused_by_name(raw: Raw, text: str) -> None:
    answer = raw("GET", "/supportedimages", query={"$filter": text})
    assert (answer.status, answer.code) == (400, "InvalidQueryParameterValue")
    assert answer.values["QueryParameterValue"] == text


def test_every_size_of_the_table_is_offered_with_its_cores_and_end(management: BatchManagementClient) -> None:
    offered = {(sku.name or "").lower(): sku for sku in management.location.list_supported_virtual_machine_skus("here")}
    assert offered.keys() == VM_SIZES.keys()
    size = offered["standard_d4s_v5"]
    assert {entry.name: entry.value for entry in size.capabilities or []} == {
        "vCPUs": "4",
        "MemoryGB": "16",
        "HyperVGenerations": "V1,V2",
    }
    retired = offered["standard_a2_v2"].batch_support_end_of_life
    assert retired is not None
    assert str(retired.date()) == "2028-11-15"
