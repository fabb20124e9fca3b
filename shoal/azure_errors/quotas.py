"""Limits that are reached."""

from shoal.azure_errors.known import KnownError

BATCH = "Batch REST, error codes"
RESIZE = "Batch, pool resize errors"
ASK = "ask for more in the portal (Batch account, Quotas)"

ERRORS = (
    KnownError(
        code="SubscriptionQuotaExceeded",
        meaning="the subscription has as many Batch accounts in this region as it may have",
        step="delete one, choose another shoal:location, or ask for more in the portal (Quotas, Batch)",
        source="Batch management, seen",
    ),
    KnownError(
        code="PoolQuotaReached",
        meaning="the Batch account has as many pools as it may have",
        step=f"delete a pool, or {ASK}",
        source=BATCH,
    ),
    KnownError(
        code="ActiveJobAndScheduleQuotaReached",
        meaning="the Batch account has as many active jobs as it may have",
        step=f"end some (`shoal jobs`, `shoal cancel JOB`), or {ASK}",
        source=BATCH,
    ),
    KnownError(
        code="AccountCoreQuotaReached",
        meaning="the Batch account may have no more cores of dedicated nodes",
        step=f"lower maxDedicatedNodes, or {ASK}; a fresh account may start with none",
        source=RESIZE,
    ),
    KnownError(
        code="AccountLowPriorityCoreQuotaReached",
        meaning="the Batch account may have no more cores of Spot nodes",
        step=f"lower maxSpotNodes, or {ASK}; a fresh account may start with none",
        source=RESIZE,
    ),
    KnownError(
        code="AccountSpotCoreQuotaReached",
        meaning="the subscription may have no more cores of Spot nodes in this region",
        step="lower maxSpotNodes, or ask for more in the portal (Quotas, Compute)",
        source=RESIZE,
    ),
    KnownError(
        code="AccountVMSeriesCoreQuotaReached",
        finds=(r"core quota for (?P<family>\w+)",),
        meaning="the Batch account may have no more cores of {family|this series of VM sizes}",
        step=f"choose a vmSize of another series, or {ASK}",
        source=RESIZE,
    ),
    KnownError(
        code="OperationNotAllowed",
        when=r"exceeding approved (?P<quota>.+?) quota",
        finds=(
            r"Location: (?P<region>\w+)",
            r"Current Limit: (?P<limit>\d+)",
            r"New Limit Required: (?P<required>\d+)",
        ),
        meaning="the quota {quota|of cores} of {region|this region} is {limit|too small}",
        step="ask for {required|more} in the portal (Quotas, Compute), or choose another vmSize or shoal:location",
        source="ARM, common deployment errors",
    ),
    KnownError(
        code="QuotaExceeded",
        meaning="a quota of the subscription is too small",
        step="ask for more in the portal (Quotas), or choose another vmSize or shoal:location",
        source="ARM, common deployment errors",
    ),
    KnownError(
        code="PublicIPCountLimitReached",
        finds=(r"limit of (?P<limit>\d+)",),
        meaning="the subscription may have no more than {limit|its number of} public addresses in this region",
        step="give the pool no public address, delete unused ones, or ask for more in the portal (Quotas, Networking)",
        source="Microsoft.Network, seen",
    ),
    KnownError(
        code="MaxStorageAccountsCountPerSubscriptionExceeded",
        finds=(r"location (?P<region>\w+)",),
        meaning="the subscription has as many storage accounts in {region|this region} as it may have",
        step="delete one, or choose another shoal:location",
        source="Storage management, error codes",
    ),
)
