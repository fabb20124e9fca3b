"""Errors of networks, and of requests at the wrong moment. The most general errors stand last."""

from shoal.azure_errors.known import KnownError

ARM = "ARM, common deployment errors"
NETWORK = "Microsoft.Network, seen"

ERRORS = (
    KnownError(
        code="InUseSubnetCannotBeDeleted",
        finds=(r"Subnet (?P<subnet>[\w-]+) is in use by (?P<user>\S+)",),
        meaning="the subnet {subnet|named below} is still used by {user|something}",
        step="delete its user (nodes leave some minutes after their pool), and try again",
        source=NETWORK,
    ),
    KnownError(
        code="SubnetIsFull",
        finds=(r"[Ss]ubnet (?P<subnet>[\w-]+)",),
        meaning="the subnet {subnet|named below} has no addresses left",
        step="lower the pools' numbers of nodes, or give them a larger subnet",
        source=NETWORK,
    ),
    KnownError(
        code="NetcfgSubnetRangesOverlap",
        finds=(r"[Ss]ubnet '(?P<subnet>[^']+)'",),
        meaning="the addresses of the subnet {subnet|named below} overlap with those of another",
        step="choose another range for it",
        source=NETWORK,
    ),
    KnownError(
        code="InvalidResourceReference",
        finds=(r"[Rr]esource (?P<missing>/\S+) referenced by resource (?P<resource>/\S+)",),
        meaning="{missing|a resource}, which {resource|another} needs, does not exist",
        step="check its id in the stack's configuration, and deploy again",
        source=ARM,
    ),
    KnownError(
        code="ParentResourceNotFound",
        finds=(r"[Pp]arent resource '(?P<parent>[^']+)'",),
        meaning="{parent|the parent resource} no longer exists: somebody deleted it",
        step="run `pulumi refresh`, and deploy again",
        source=ARM,
    ),
    KnownError(
        code="AnotherOperationInProgress",
        meaning="another operation on the resource is in progress",
        step="wait until it is done, and deploy again",
        source=ARM,
    ),
    KnownError(
        code="StorageAccountOperationInProgress",
        meaning="another operation on the storage account is in progress",
        step="wait until it is done, and deploy again",
        source="Storage management, error codes",
    ),
    KnownError(
        code="PropertyChangeNotAllowed",
        finds=(r"property '(?P<property>[^']+)'",),
        meaning="Azure cannot change {property|this property} of an existing resource",
        step="set it back, or replace the resource: `pulumi up --replace URN`",
        source=ARM,
    ),
    KnownError(
        code="TooManyRequests",
        meaning="Azure received too many requests at a time",
        step="wait some minutes, and deploy again",
        source="ARM, throttling",
    ),
    KnownError(
        code="ServerBusy",
        meaning="the service is busy",
        step="wait a minute, and try again",
        source="Batch REST, error codes",
    ),
)
