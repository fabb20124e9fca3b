"""What Batch refuses of an account, a pool, a package or a formula."""

from shoal.azure_errors.known import KnownError

BATCH = "Batch REST, error codes"
RESIZE = "Batch, pool resize errors"

ERRORS = (
    KnownError(
        code="InvalidPropertyValue",
        when=r"(?i)vm_?size",
        finds=(r"(?P<size>(?i:standard|basic)_\w+)",),
        meaning="Batch has no VM size {size|of this name} in this region",
        step="choose a vmSize of `az batch location list-skus --location REGION`, or another shoal:location",
        source=BATCH,
    ),
    KnownError(
        code="InvalidPropertyValue",
        when=r"(?i)imageReference|nodeAgentSKU",
        meaning="Batch does not take this image with this node agent",
        step="choose an image of docs/pools.md; `az batch pool supported-images list` shows what the account has",
        source=BATCH,
    ),
    KnownError(
        code="InvalidPropertyValue",
        when=r"(?i)autoScale|formula",
        meaning="Batch does not take the pool's formula or its interval",
        step="run `shoal autoscale check` on autoScaleFormula, and give autoScaleEvaluationInterval PT5M to PT168H",
        source=BATCH,
    ),
    KnownError(
        code="InvalidPropertyValue",
        meaning="Batch does not take one of the values that it was given",
        step="change the one that the message below names; where it names none, look at vmSize and image first",
        source=BATCH,
    ),
    KnownError(
        code="UnsupportedVMSize",
        meaning="Batch does not allocate nodes of this VM size in this region",
        step="choose a vmSize of `az batch location list-skus --location REGION`, or another shoal:location",
        source=RESIZE,
    ),
    KnownError(
        code="AllocationFailed",
        meaning="the region has no such nodes to give at the moment",
        step="wait, choose another vmSize or shoal:location, or let maxDedicatedNodes stand in for Spot nodes",
        source=RESIZE,
    ),
    KnownError(
        code="AllocationTimedout",
        meaning="the nodes did not come in time",
        step="wait, choose another vmSize or shoal:location, or let maxDedicatedNodes stand in for Spot nodes",
        source=RESIZE,
    ),
    KnownError(
        code="PropertyCannotBeUpdated",
        finds=(r"PropertyName\W+(?:(?:message|value)\W+)?(?P<property>\w+)",),
        meaning="Azure cannot change {property|this property} of a pool that is there",
        step="replace the pool: `pulumi up --replace URN`, or give it another name",
        source="Batch management, seen",
    ),
    KnownError(
        code="InvalidApplicationPackageReferences",
        meaning="a pool names an application package that is not there or not active",
        step="deploy again, which uploads and activates what is missing",
        source=BATCH,
    ),
    KnownError(
        code="NodeAgentSKUNotFound",
        meaning="Batch has no such node agent",
        step="choose an image of docs/pools.md, which brings its own",
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
        code="InvalidAutoScalingSettings",
        meaning="Batch does not take the pool's formula or its interval",
        step="run `shoal autoscale check` on autoScaleFormula, and give autoScaleEvaluationInterval PT5M to PT168H",
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
        meaning="the account has a pool of this name that is not the stack's",
        step="take it over by `pulumi import`, or choose another name",
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
        step="check that it is there and that the account's identity may write to it, and deploy again",
        source="the embedded service",
    ),
    KnownError(
        code="AutoStorageAccountNotSpecified",
        meaning="the Batch account has no storage for application packages",
        step="give it some (`az batch account set --storage-account ID`), or let the stack make the account",
        source="the embedded service",
    ),
)
