"""Names that are taken or wrong, and regions that lack what is asked for."""

from shoal.azure_errors.known import KnownError

ARM = "ARM, common deployment errors"
STORAGE = "Storage management, error codes"
REGION = r"location '(?P<region>[^']+)'"

ERRORS = (
    KnownError(
        code="StorageAccountAlreadyTaken",
        finds=(r"named (?P<account>[\w-]+)", r"account name (?P<account>[\w-]+)"),
        meaning="somebody in Azure has a storage account named {account|so} already",
        step="choose another name for shoal:storageAccount, or leave it empty for one of its own",
        source=STORAGE,
    ),
    KnownError(
        code="StorageAccountAlreadyExists",
        finds=(r"named (?P<account>[\w-]+)",),
        meaning="the subscription has a storage account named {account|so} already, outside this stack",
        step="choose another name for shoal:storageAccount, or take it over by `pulumi import`",
        source=STORAGE,
    ),
    KnownError(
        code="cannot create already existing resource",
        finds=(r"already existing resource '(?P<id>[^']+)'",),
        meaning="{id|the resource} is there already and is not this stack's",
        step="give it another name in the stack's configuration, or take it over by `pulumi import`",
        source="azure-native, seen",
    ),
    KnownError(
        code="AccountNameInvalid",
        finds=(r"(?P<account>[\w-]+) is not a valid storage account name",),
        meaning="{account|the name} is no name for a storage account",
        step="give shoal:storageAccount 3 to 24 lower-case letters and digits, or leave it empty",
        source=ARM,
    ),
    KnownError(
        code="AccountAlreadyExists",
        finds=(r"named (?P<account>[\w-]+)",),
        meaning="the region has a Batch account named {account|so} already",
        step="choose another name for shoal:batchAccount, or leave it empty for one of its own",
        source="Batch, historical; unverified today",
    ),
    KnownError(
        code="AccountAlreadyTaken",
        finds=(r"account name (?P<account>[\w-]+)",),
        meaning="the region has a Batch account named {account|so} already",
        step="choose another name for shoal:batchAccount, or leave it empty for one of its own",
        source="the embedded service",
    ),
    KnownError(
        code="InvalidAccountName",
        meaning="this is no name for a Batch account",
        step="give shoal:batchAccount 3 to 24 lower-case letters and digits, or leave it empty",
        source="Batch, historical; unverified today",
    ),
    KnownError(
        code="InvalidResourceName",
        meaning="a name in the stack's configuration is not one that Azure takes",
        step="change it as the message below says",
        source="ARM, seen",
    ),
    KnownError(
        code="ReservedResourceName",
        finds=(r"resource name '?(?P<name>[\w.-]+)",),
        meaning="{name|the name} has a word in it that Azure keeps for itself",
        step="choose another name",
        source=ARM,
    ),
    KnownError(
        code="LocationNotAvailableForResourceType",
        finds=(REGION, r"resource type '(?P<type>[^']+)'", r"List of available regions[^']*'(?P<regions>[^']+)'"),
        meaning="{region|the region} has no {type|such resource}",
        step="set shoal:location to one that has: {regions|the message below lists them}",
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
        meaning="{name|the resource} is in {region|another region} already, and a resource cannot move",
        step="set shoal:location back, or deploy a stack of another name",
        source=ARM,
    ),
    KnownError(
        code="InvalidResourceGroupLocation",
        finds=(r"exists in location '(?P<region>[^']+)'",),
        meaning="the resource group is in {region|another region} already, and a group cannot move",
        step="set shoal:location back, or choose another shoal:resourceGroup",
        source="ARM, seen",
    ),
    KnownError(
        code="SkuNotAvailable",
        finds=(r"[Vv][Mm] size '(?P<size>\w+)'", r"Restrictions: (?P<size>\w+)", REGION),
        meaning="{region|the region} has no {size|such VM size} for this subscription now",
        step="choose a vmSize of `az batch location list-skus --location {region|REGION}`, or another shoal:location",
        source=ARM,
    ),
)
