"""Names that are taken or invalid, and regions that lack a resource type or a VM size."""

from shoal.azure_errors.known import KnownError

ARM = "ARM, common deployment errors"
STORAGE = "Storage management, error codes"
REGION = r"location '(?P<region>[^']+)'"

ERRORS = (
    KnownError(
        code="StorageAccountAlreadyTaken",
        finds=(r"named (?P<account>[\w-]+)", r"account name (?P<account>[\w-]+)"),
        meaning="the storage account name {account|in the stack's configuration} is already taken in Azure",
        step="choose another name for shoal:storageAccount, or leave it empty for a generated one",
        source=STORAGE,
    ),
    KnownError(
        code="StorageAccountAlreadyExists",
        finds=(r"named (?P<account>[\w-]+)",),
        meaning="the subscription already has a storage account {account|of this name}, outside this stack",
        step="choose another name for shoal:storageAccount, or adopt it with `pulumi import`",
        source=STORAGE,
    ),
    KnownError(
        code="cannot create already existing resource",
        finds=(r"already existing resource '(?P<id>[^']+)'",),
        meaning="{id|the resource} already exists and is not this stack's",
        step="give it another name in the stack's configuration, or adopt it with `pulumi import`",
        source="azure-native, seen",
    ),
    KnownError(
        code="AccountNameInvalid",
        finds=(r"(?P<account>[\w-]+) is not a valid storage account name",),
        meaning="{account|the name} is not a valid storage account name",
        step="give shoal:storageAccount 3 to 24 lower-case letters and digits, or leave it empty",
        source=ARM,
    ),
    KnownError(
        code="AccountAlreadyExists",
        finds=(r"named (?P<account>[\w-]+)",),
        meaning="the region already has a Batch account {account|of this name}",
        step="choose another name for shoal:batchAccount, or leave it empty for a generated one",
        source="Batch, historical; unverified today",
    ),
    KnownError(
        code="AccountAlreadyTaken",
        finds=(r"account name (?P<account>[\w-]+)",),
        meaning="the region already has a Batch account {account|of this name}",
        step="choose another name for shoal:batchAccount, or leave it empty for a generated one",
        source="the embedded service",
    ),
    KnownError(
        code="InvalidAccountName",
        meaning="the name is not a valid Batch account name",
        step="give shoal:batchAccount 3 to 24 lower-case letters and digits, or leave it empty",
        source="Batch, historical; unverified today",
    ),
    KnownError(
        code="InvalidResourceName",
        meaning="Azure does not accept a name in the stack's configuration",
        step="change it as the message below says",
        source="ARM, seen",
    ),
    KnownError(
        code="ReservedResourceName",
        finds=(r"resource name '?(?P<name>[\w.-]+)",),
        meaning="{name|the name} contains a word that Azure reserves",
        step="choose another name",
        source=ARM,
    ),
    KnownError(
        code="LocationNotAvailableForResourceType",
        finds=(REGION, r"resource type '(?P<type>[^']+)'", r"List of available regions[^']*'(?P<regions>[^']+)'"),
        meaning="{region|the region} does not offer {type|this resource type}",
        step="set shoal:location to a region that does: {regions|the message below lists them}",
        source=ARM,
    ),
    KnownError(
        code="LocationNotAvailableForResourceGroup",
        finds=(REGION,),
        meaning="{region|this} is not a region of Azure",
        step="set shoal:location to one of `az account list-locations`",
        source=ARM,
    ),
    KnownError(
        code="InvalidResourceLocation",
        finds=(r"resource '(?P<name>[^']+)'", r"exists in location '(?P<region>[^']+)'"),
        meaning="{name|the resource} already exists in {region|another region}, and a resource cannot move",
        step="set shoal:location back, or deploy a stack of another name",
        source=ARM,
    ),
    KnownError(
        code="InvalidResourceGroupLocation",
        finds=(r"exists in location '(?P<region>[^']+)'",),
        meaning="the resource group already exists in {region|another region}, and a group cannot move",
        step="set shoal:location back, or choose another shoal:resourceGroup",
        source="ARM, seen",
    ),
    KnownError(
        code="SkuNotAvailable",
        finds=(r"[Vv][Mm] size '(?P<size>\w+)'", r"Restrictions: (?P<size>\w+)", REGION),
        meaning="{region|the region} currently does not offer {size|this VM size} to this subscription",
        step="choose a vmSize from `az batch location list-skus --location {region|REGION}`, or another shoal:location",
        source=ARM,
    ),
)
