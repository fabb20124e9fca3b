from tests.azure_errors.samples.sample import ACCOUNT, sample

NAMES = (
    sample(
        "StorageAccountAlreadyTaken",
        "The storage account named results is already taken.",
        "the storage account name results is already taken in Azure; choose another name for shoal:storageAccount",
    ),
    sample(
        "StorageAccountAlreadyExists",
        "The storage account named results already exists under the subscription.",
        "the subscription already has a storage account results",
    ),
    sample(
        "",
        f"cannot create already existing resource '{ACCOUNT}'",
        f"{ACCOUNT} already exists and is not this stack's; give it another name",
    ),
    sample(
        "AccountNameInvalid",
        "My-Results is not a valid storage account name. Storage account name must be between 3 and 24 characters in "
        "length and use numbers and lower-case letters only.",
        "My-Results is not a valid storage account name; give shoal:storageAccount 3 to 24 lower-case letters",
    ),
    sample(
        "AccountAlreadyExists",
        "An account named shoaldev already exists.",
        "the region already has a Batch account shoaldev; choose another name for shoal:batchAccount",
    ),
    sample(
        "AccountAlreadyTaken",
        "The account name shoaldev is already taken.",
        "the region already has a Batch account shoaldev; choose another name for shoal:batchAccount",
    ),
    sample("InvalidAccountName", "The account name is not valid.", "the name is not a valid Batch account name"),
    sample(
        "InvalidResourceName",
        "Resource name shoal_dev is invalid. The name can be up to 80 characters long.",
        "Azure does not accept a name in the stack's configuration",
    ),
    sample(
        "ReservedResourceName",
        "The resource name 'azure' or a part of the name is a trademarked or reserved word.",
        "azure contains a word that Azure reserves",
    ),
    sample(
        "LocationNotAvailableForResourceType",
        "The provided location 'westus9' is not available for resource type 'Microsoft.Batch/batchAccounts'. List of "
        "available regions for the resource type is 'westeurope,northeurope'.",
        "westus9 does not offer Microsoft.Batch/batchAccounts; set shoal:location to a region that does: westeurope,"
        "northeurope",
    ),
    sample(
        "LocationNotAvailableForResourceGroup",
        "The provided location 'mars' is not available for resource group. List of available regions is 'westeurope'.",
        "mars is not a region of Azure; set shoal:location",
    ),
    sample(
        "InvalidResourceLocation",
        "The resource 'shoaldev' already exists in location 'westeurope' in resource group 'shoal-dev'. A resource "
        "with the same name cannot be created in location 'northeurope'. Please select a new resource name.",
        "shoaldev already exists in westeurope, and a resource cannot move",
    ),
    sample(
        "InvalidResourceGroupLocation",
        "Invalid resource group location 'eastus'. The Resource group already exists in location 'westeurope'.",
        "the resource group already exists in westeurope",
    ),
    sample(
        "SkuNotAvailable",
        "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: Standard_D4s_v5' is "
        "currently not available in location 'eastus'. Please try another size or deploy to a different location.",
        "eastus currently does not offer Standard_D4s_v5 to this subscription; choose a vmSize from "
        "`az batch location list-skus --location eastus`",
    ),
)
