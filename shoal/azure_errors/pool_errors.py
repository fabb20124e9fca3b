"""Errors of Batch about an account, a pool, a package or a formula."""

from shoal.azure_errors.known import KnownError

BATCH = "Batch REST, error codes"
RESIZE = "Batch, pool resize errors"

ERRORS = (
    KnownError(
        code="InvalidPropertyValue",
        when=r"(?i)vm_?size",
        finds=(r"(?P<size>(?i:standard|basic)_\w+)",),
        meaning="Batch has no VM size {size|of this name} in this region",
        step="choose a vmSize from `az batch location list-skus --location REGION`, or another shoal:location",
        source=BATCH,
    ),
    KnownError(
        code="InvalidPropertyValue",
        when=r"(?i)imageReference|nodeAgentSKU",
        meaning="Batch does not accept this image with this node agent",
        step="choose an image from docs/pools.md; `az batch pool supported-images list` shows those of the account",
        source=BATCH,
    ),
    KnownError(
        code="InvalidPropertyValue",
        when=r"(?i)autoScale|formula",
        meaning="Batch does not accept the pool's formula or its interval",
        step="run `shoal autoscale check` on autoScaleFormula, and set autoScaleEvaluationInterval from PT5M to PT168H",
        source=BATCH,
    ),
    KnownError(
        code="InvalidPropertyValue",
        meaning="Batch does not accept one of the values",
        step="change the one that the message below names; if it names none, check vmSize and image first",
        source=BATCH,
    ),
    KnownError(
        code="UnsupportedVMSize",
        meaning="Batch does not allocate nodes of this VM size in this region",
        step="choose a vmSize from `az batch location list-skus --location REGION`, or another shoal:location",
        source=RESIZE,
    ),
    KnownError(
        code="AllocationFailed",
        meaning="the region has no capacity for these nodes at the moment",
        step="wait, choose another vmSize or shoal:location, or let maxDedicatedNodes stand in for Spot nodes",
        source=RESIZE,
    ),
    KnownError(
        code="AllocationTimedout",
        meaning="the nodes were not allocated in time",
        step="wait, choose another vmSize or shoal:location, or let maxDedicatedNodes stand in for Spot nodes",
        source=RESIZE,
    ),
    KnownError(
        code="PropertyCannotBeUpdated",
        finds=(r"PropertyName\W+(?:(?:message|value)\W+)?(?P<property>\w+)",),
        meaning="Azure cannot change {property|this property} of an existing pool",
        step="replace the pool: `pulumi up --replace URN`, or give it another name",
        source="Batch management, seen",
    ),
    KnownError(
        code="InvalidApplicationPackageReferences",
        meaning="a pool refers to an application package that does not exist or is not active",
        step="deploy again, which uploads and activates missing packages",
        source=BATCH,
    ),
    KnownError(
        code="NodeAgentSKUNotFound",
        meaning="Batch has no such node agent",
        step="choose an image from docs/pools.md, which comes with its node agent",
        source=BATCH,
    ),
    KnownError(
        code="AutoScalingFormulaSyntaxError",
        meaning="Batch cannot read the pool's formula",
        step="run `shoal autoscale check` on it",
        source=BATCH,
    ),
    KnownError(
        code="AutoScalingFormulaTooLong",
        meaning="the pool's formula is too long",
        step="shorten it to 8,192 characters and 100 statements",
        source=BATCH,
    ),
    KnownError(
        code="AutoScaleFormulaTooLong",
        meaning="the pool's formula is too long",
        step="shorten it to 8,192 characters and 100 statements",
        source="Microsoft.Azure.Batch, BatchErrorCodeStrings",
    ),
    KnownError(
        code="InvalidAutoScalingSettings",
        meaning="Batch does not accept the pool's formula or its interval",
        step="run `shoal autoscale check` on autoScaleFormula, and set autoScaleEvaluationInterval from PT5M to PT168H",
        source=BATCH,
    ),
    KnownError(
        code="TooManyEnableAutoScaleRequests",
        meaning="the pool's formula was changed twice within half a minute",
        step="wait half a minute, and deploy again",
        source=BATCH,
    ),
    KnownError(
        code="PoolBeingDeleted",
        meaning="an older pool of this name is still being deleted",
        step="wait until its nodes are gone (`shoal nodes`), and deploy again",
        source=BATCH,
    ),
    KnownError(
        code="PoolBeingResized",
        meaning="the pool is being resized",
        step="wait until it is steady (`shoal nodes`), and deploy again",
        source=BATCH,
    ),
    KnownError(
        code="PoolExists",
        meaning="the account already has a pool of this name that is not this stack's",
        step="adopt it with `pulumi import`, or choose another name",
        source=BATCH,
    ),
    KnownError(
        code="AccountIsDisabled",
        meaning="the Batch account is disabled",
        step="look at it in the portal; a disabled subscription disables its accounts",
        source=BATCH,
    ),
    KnownError(
        code="InvalidAutoStorageAccount",
        meaning="Batch cannot use the storage account for application packages",
        step="check that it exists and that the account's identity may write to it, and deploy again",
        source="the embedded service",
    ),
    KnownError(
        code="AutoStorageAccountNotSpecified",
        meaning="the Batch account has no storage account for application packages",
        step="set one (`az batch account set --storage-account ID`), or let the stack create the account",
        source="the embedded service",
    ),
)
