"""Quotas and limits that are reached."""

from shoal.azure_errors.known import KnownError

BATCH = "Batch REST, error codes"
RESIZE = "Batch, pool resize errors"
ASK = "ask for more in the portal (Batch account, Quotas)"

ERRORS = (
    KnownError(
        code="SubscriptionQuotaExceeded",
        meaning="the subscription has reached its quota of Batch accounts in this region",
        step="delete one, choose another shoal:location, or ask for more in the portal (Quotas, Batch)",
        source="Batch management, seen",
    ),
    KnownError(
        code="PoolQuotaReached",
        meaning="the Batch account has reached its quota of pools",
        step=f"delete a pool, or {ASK}",
        source=BATCH,
    ),
    KnownError(
        code="ActiveJobAndScheduleQuotaReached",
        meaning="the Batch account has reached its quota of active jobs",
        step=f"end some of them (`shoal jobs`, `shoal cancel JOB`), or {ASK}",
        source=BATCH,
    ),
    KnownError(
        code="AccountCoreQuotaReached",
        meaning="the Batch account has reached its core quota for dedicated nodes",
        step=f"lower maxDedicatedNodes, or {ASK}; a new account may start with none",
        source=RESIZE,
    ),
    KnownError(
        code="AccountLowPriorityCoreQuotaReached",
        meaning="the Batch account has reached its core quota for Spot nodes",
        step=f"lower maxSpotNodes, or {ASK}; a new account may start with none",
        source=RESIZE,
    ),
    KnownError(
        code="AccountSpotCoreQuotaReached",
        meaning="the subscription has reached its core quota for Spot nodes in this region",
        step="lower maxSpotNodes, or ask for more in the portal (Quotas, Compute)",
        source=RESIZE,
    ),
    KnownError(
        code="AccountVMSeriesCoreQuotaReached",
        finds=(r"core quota for (?P<family>\w+)",),
        meaning="the Batch account has reached its core quota for {family|this series of VM sizes}",
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
        meaning="the quota {quota|of cores} in {region|this region} is {limit|too small}",
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
        meaning="the subscription may have only {limit|a limited number of} public addresses in this region",
        step="give the pool no public address, delete unused ones, or ask for more in the portal (Quotas, Networking)",
        source="Microsoft.Network, seen",
    ),
    KnownError(
        code="MaxStorageAccountsCountPerSubscriptionExceeded",
        finds=(r"location (?P<region>\w+)",),
        meaning="the subscription has reached its limit of storage accounts in {region|this region}",
        step="delete one, or choose another shoal:location",
        source="Storage management, error codes",
    ),
)
