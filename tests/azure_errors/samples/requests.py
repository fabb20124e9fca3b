from tests.azure_errors.samples.sample import ACCOUNT, GROUP, sample

REQUESTS = (
    sample(
        "InUseSubnetCannotBeDeleted",
        f"Subnet nodes is in use by {GROUP}/providers/Microsoft.Network/networkInterfaces/n and cannot be deleted.",
        f"subnet nodes is still used by {GROUP}/providers/Microsoft.Network/networkInterfaces/n",
    ),
    sample(
        "SubnetIsFull",
        "Subnet nodes with address prefix 10.0.0.0/28 does not have enough capacity for 20 IP addresses.",
        "subnet nodes has no addresses left",
    ),
    sample(
        "NetcfgSubnetRangesOverlap",
        "Subnet 'nodes' is not valid because its IP address range overlaps with that of an existing subnet.",
        "the addresses of the subnet nodes overlap with those of another",
    ),
    sample(
        "InvalidResourceReference",
        f"Resource {GROUP}/subnets/nodes referenced by resource {ACCOUNT}/pools/spot was not found.",
        f"{GROUP}/subnets/nodes, which {ACCOUNT}/pools/spot needs, does not exist",
    ),
    sample(
        "ParentResourceNotFound",
        "Can not perform requested operation on nested resource. Parent resource 'shoaldev' not found.",
        "shoaldev no longer exists: somebody deleted it; run `pulumi refresh`",
    ),
    sample(
        "AnotherOperationInProgress",
        "Another operation on this or dependent resource is in progress.",
        "another operation on the resource is in progress; wait until it is done",
    ),
    sample(
        "StorageAccountOperationInProgress",
        "An operation is currently performing on this storage account that requires exclusive access.",
        "another operation on the storage account is in progress",
    ),
    sample(
        "PropertyChangeNotAllowed",
        "Changing property 'location' is not allowed.",
        "Azure cannot change location of an existing resource",
    ),
    sample(
        "TooManyRequests",
        "The request is being throttled as the limit has been reached for operation type - Write_ObservationWindow.",
        "Azure received too many requests at a time; wait some minutes",
    ),
    sample("ServerBusy", "The server is currently unable to receive requests.", "the service is busy; wait a minute"),
)
