"""The VM sizes of a region: the table of this project in the service's own form.

Source: azure-rest-api Microsoft.Batch, "Location - List Supported Virtual Machine Skus".
"""

from shoal.azure.vm_sizes import VM_SIZES, VmSize
from shoal.local.api.calls import Answer
from shoal.local.arm.arm_call import ArmCall, JsonObject, ResourceKind, collection
from shoal.local.scheduler.quotas import vm_family


async def listing(_call: ArmCall) -> Answer:
    return collection(view(name, size) for name, size in VM_SIZES.items())


def view(name: str, size: VmSize) -> JsonObject:
    capabilities = {
        "vCPUs": str(size.cores),
        "MemoryGB": f"{size.memory_gib:g}",
        "HyperVGenerations": ",".join(f"V{generation}" for generation in size.hardware.generations),
    }
    body: JsonObject = {
        "name": name.capitalize(),
        "familyName": vm_family(name),
        "capabilities": [{"name": key, "value": value} for key, value in capabilities.items()],
    }
    if size.retirement is not None:
        body["batchSupportEndOfLife"] = f"{size.retirement.on.isoformat()}T00:00:00Z"
    return body


KIND = ResourceKind(type="Microsoft.Batch/locations/virtualMachineSkus", verbs={}, listing=listing)
