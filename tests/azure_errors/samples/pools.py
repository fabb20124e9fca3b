from tests.azure_errors.samples.sample import sample

INVALID = "The value provided for one of the properties in the request body is invalid."

POOLS = (
    sample(
        "InvalidPropertyValue",
        f'{INVALID} Details: [{{"code":"PropertyName","message":"vmSize"}},'
        '{"code":"PropertyValue","message":"standard_d16_v99"}]',
        "Batch has no VM size standard_d16_v99 in this region; choose a vmSize",
    ),
    sample(
        "InvalidPropertyValue",
        f'{INVALID} Details: [{{"code":"PropertyName","message":"imageReference"}}]',
        "Batch does not accept this image with this node agent",
    ),
    sample(
        "InvalidPropertyValue",
        f'{INVALID} Details: [{{"code":"PropertyName","message":"autoScaleEvaluationInterval"}}]',
        "Batch does not accept the pool's formula or its interval",
    ),
    sample("InvalidPropertyValue", INVALID, "Batch does not accept one of the values"),
    sample(
        "UnsupportedVMSize",
        "The VM size is not supported.",
        "Batch does not allocate nodes of this VM size in this region",
    ),
    sample(
        "AllocationFailed",
        "Desired number of dedicated nodes could not be allocated",
        "the region has no capacity for these nodes at the moment; wait",
    ),
    sample(
        "AllocationTimedout",
        "Desired number of dedicated nodes could not be allocated as the resize timeout was reached",
        "the nodes were not allocated in time; wait",
    ),
    sample(
        "PropertyCannotBeUpdated",
        "A property that cannot be updated was specified as part of the request. Details: "
        '[{"code":"PropertyName","message":"networkConfiguration"}]',
        "Azure cannot change networkConfiguration of an existing pool; replace the pool",
    ),
    sample(
        "InvalidApplicationPackageReferences",
        "One or more application package references could not be satisfied.",
        "a pool refers to an application package that does not exist or is not active; deploy again",
    ),
    sample("NodeAgentSKUNotFound", "The specified Node Agent SKU does not exist.", "Batch has no such node agent"),
    sample(
        "AutoScalingFormulaSyntaxError",
        "The specified auto-scaling formula has a syntax error.",
        "Batch cannot read the pool's formula; run `shoal autoscale check` on it",
    ),
    sample(
        "AutoScalingFormulaTooLong",
        "The specified auto-scaling formula exceeds lengths limit.",
        "the pool's formula is too long; shorten it",
    ),
    sample(
        "AutoScaleFormulaTooLong",
        "the formula has 8193 characters; at most 8192 are allowed",
        "the pool's formula is too long; shorten it",
    ),
    sample(
        "InvalidAutoScalingSettings",
        "The specified auto-scaling settings are not valid.",
        "Batch does not accept the pool's formula or its interval; run `shoal autoscale check`",
    ),
    sample(
        "TooManyEnableAutoScaleRequests",
        "Too many Enable Pool AutoScale requests are issued on the pool.",
        "the pool's formula was changed twice within half a minute; wait",
    ),
    sample(
        "PoolBeingDeleted",
        "The specified pool has been marked for deletion and is being reclaimed.",
        "an older pool of this name is still being deleted; wait",
    ),
    sample("PoolBeingResized", "The specified pool is being resized", "the pool is being resized; wait"),
    sample("PoolExists", "The specified pool already exists.", "a pool of this name that is not this stack's"),
    sample("AccountIsDisabled", "The specified account is disabled.", "the Batch account is disabled"),
    sample(
        "InvalidAutoStorageAccount",
        "The storage account that auto-storage names could not be found.",
        "Batch cannot use the storage account for application packages",
    ),
    sample(
        "AutoStorageAccountNotSpecified",
        "The Batch account shoaldev has no auto-storage account, in which application packages are kept.",
        "the Batch account has no storage account for application packages",
    ),
)
