from tests.azure_errors.samples.sample import sample

QUOTAS = (
    sample(
        "SubscriptionQuotaExceeded",
        "The regional Batch account quota for the specified subscription has been reached.",
        "the subscription has reached its quota of Batch accounts in this region; delete one",
    ),
    sample(
        "PoolQuotaReached",
        "Pool quota for the account has been reached.",
        "reached its quota of pools; delete",
    ),
    sample(
        "ActiveJobAndScheduleQuotaReached",
        "Active job and schedule quota for the account has been reached.",
        "reached its quota of active jobs; end some of them (`shoal jobs`, `shoal cancel JOB`)",
    ),
    sample(
        "AccountCoreQuotaReached",
        "The specified account has reached core quota",
        "reached its core quota for dedicated nodes; lower maxDedicatedNodes",
    ),
    sample(
        "AccountLowPriorityCoreQuotaReached",
        "The specified account has reached low priority core quota",
        "reached its core quota for Spot nodes; lower maxSpotNodes",
    ),
    sample(
        "AccountSpotCoreQuotaReached",
        "The specified account has reached spot core quota",
        "the subscription has reached its core quota for Spot nodes",
    ),
    sample(
        "AccountVMSeriesCoreQuotaReached",
        "The specified account has reached VM series core quota for standardDSv5Family.",
        "reached its core quota for standardDSv5Family; choose a vmSize of another series",
    ),
    sample(
        "OperationNotAllowed",
        "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional "
        "details - Deployment Model: Resource Manager, Location: eastus2, Current Limit: 100, Current Usage: 100, "
        "Additional Required: 20, (Minimum) New Limit Required: 120.",
        "the quota Total Regional Cores in eastus2 is 100; ask for 120",
    ),
    sample("QuotaExceeded", "Quota for Standard DSv5 exceeded.", "a quota of the subscription is too small"),
    sample(
        "PublicIPCountLimitReached",
        "Cannot create more than 10 public IP addresses for this subscription in this region: limit of 10 reached.",
        "may have only 10 public addresses in this region; give the pool no public address",
    ),
    sample(
        "MaxStorageAccountsCountPerSubscriptionExceeded",
        "Subscription already contains 250 storage accounts in location westeurope and the maximum allowed is 250.",
        "reached its limit of storage accounts in westeurope",
    ),
)
