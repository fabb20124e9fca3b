"""The table of resource types that local stacks may declare.

Source: the schema of pulumi-azure-native 3.29 and, for what forces a replacement, its provider/pkg.
"""

from shoal.deploy.resources.resource_type import GROUP, Autoname, ResourceType
from shoal.errors import BadInput

STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{{accountName}}"
BATCH = f"{GROUP}/providers/Microsoft.Batch/batchAccounts/{{accountName}}"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
NETWORK_VERSION = "2024-05-01"
ZONE = f"{NETWORK}/privateDnsZones/{{privateZoneName}}"
ZONE_VERSION = "2024-06-01"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"
LOCATED = frozenset({"location"})


def _located(token: str, path: str, api_version: str) -> ResourceType:
    """Return a type in a resource group of which only the location cannot be changed in place."""
    return ResourceType(
        token=f"azure-native:{token}",
        path=path,
        api_version=api_version,
        autoname=Autoname.RANDOM,
        located=True,
        replaced_by=LOCATED,
    )


def find_type(token: str, name: str) -> ResourceType:
    """Return the type of a resource with this name in the program. Raises BadInput for a type that is not here."""
    if token not in TYPES:
        raise BadInput(f"{token} ({name}) is not a resource type of the embedded service")
    return TYPES[token]


TYPES = {
    resource.token: resource
    for resource in (
        ResourceType(
            token="azure-native:resources:ResourceGroup",
            path=GROUP,
            api_version="2024-03-01",
            autoname=Autoname.RANDOM,
            located=True,
            replaced_by=frozenset({"location"}),
            flattened=False,
        ),
        ResourceType(
            token="azure-native:storage:StorageAccount",
            path=STORAGE,
            api_version="2024-01-01",
            autoname=Autoname.RANDOM,
            located=True,
            replaced_by=frozenset({"location", "extendedLocation", "isHnsEnabled", "enableNfsV3"}),
        ),
        ResourceType(
            token="azure-native:storage:BlobServiceProperties",
            path=f"{STORAGE}/blobServices/{{blobServicesName}}",
            api_version="2024-01-01",
            autoname=Autoname.COPY,
            at_rest={"deleteRetentionPolicy": {"enabled": False}, "containerDeleteRetentionPolicy": {"enabled": False}},
        ),
        ResourceType(
            token="azure-native:storage:BlobContainer",
            path=f"{STORAGE}/blobServices/default/containers/{{containerName}}",
            api_version="2024-01-01",
            autoname=Autoname.COPY,
        ),
        ResourceType(
            token="azure-native:storage:BlobContainerImmutabilityPolicy",
            path=f"{STORAGE}/blobServices/default/containers/{{containerName}}"
            "/immutabilityPolicies/{immutabilityPolicyName}",
            api_version="2024-01-01",
            autoname=Autoname.COPY,
        ),
        ResourceType(
            token="azure-native:storage:ManagementPolicy",
            path=f"{STORAGE}/managementPolicies/{{managementPolicyName}}",
            api_version="2024-01-01",
            autoname=Autoname.COPY,
        ),
        ResourceType(
            token="azure-native:managedidentity:UserAssignedIdentity",
            path=f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}",
            api_version="2023-01-31",
            autoname=Autoname.RANDOM,
            located=True,
            replaced_by=frozenset({"location"}),
        ),
        ResourceType(
            token="azure-native:authorization:RoleAssignment",
            path="/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
            api_version="2022-04-01",
            autoname=Autoname.UUID,
            replaced_by=frozenset({"principalId", "principalType", "roleDefinitionId"}),
        ),
        ResourceType(
            token="azure-native:batch:BatchAccount",
            path=BATCH,
            api_version="2024-07-01",
            autoname=Autoname.RANDOM,
            located=True,
        ),
        ResourceType(
            token="azure-native:batch:Application",
            path=f"{BATCH}/applications/{{applicationName}}",
            api_version="2024-07-01",
            autoname=Autoname.COPY,
        ),
        ResourceType(
            token="azure-native:batch:ApplicationPackage",
            path=f"{BATCH}/applications/{{applicationName}}/versions/{{versionName}}",
            api_version="2024-07-01",
            autoname=Autoname.COPY,
        ),
        ResourceType(
            token="azure-native:batch:Pool",
            path=f"{BATCH}/pools/{{poolName}}",
            api_version="2024-07-01",
            autoname=Autoname.COPY,
        ),
        _located("network:PublicIPAddress", f"{NETWORK}/publicIPAddresses/{{publicIpAddressName}}", NETWORK_VERSION),
        _located("network:NatGateway", f"{NETWORK}/natGateways/{{natGatewayName}}", NETWORK_VERSION),
        _located(
            "network:NetworkSecurityGroup",
            f"{NETWORK}/networkSecurityGroups/{{networkSecurityGroupName}}",
            NETWORK_VERSION,
        ),
        _located(
            "network:VirtualNetwork",
            f"{NETWORK}/virtualNetworks/{{virtualNetworkName}}",
            NETWORK_VERSION,
        ),
        ResourceType(
            token="azure-native:network:Subnet",
            path=f"{NETWORK}/virtualNetworks/{{virtualNetworkName}}/subnets/{{subnetName}}",
            api_version=NETWORK_VERSION,
            autoname=Autoname.COPY,
        ),
        _located(
            "network:PrivateEndpoint",
            f"{NETWORK}/privateEndpoints/{{privateEndpointName}}",
            NETWORK_VERSION,
        ),
        ResourceType(
            token="azure-native:network:PrivateDnsZoneGroup",
            path=f"{NETWORK}/privateEndpoints/{{privateEndpointName}}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}",
            api_version=NETWORK_VERSION,
            autoname=Autoname.COPY,
        ),
        _located("privatedns:PrivateZone", ZONE, ZONE_VERSION),
        _located(
            "privatedns:VirtualNetworkLink", f"{ZONE}/virtualNetworkLinks/{{virtualNetworkLinkName}}", ZONE_VERSION
        ),
        ResourceType(
            token="azure-native:operationalinsights:Workspace",
            path=f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{workspaceName}}",
            api_version="2023-09-01",
            autoname=Autoname.RANDOM,
            located=True,
            replaced_by=LOCATED,
        ),
        ResourceType(
            token="azure-native:monitor:DiagnosticSetting",
            path="/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
            api_version="2021-05-01-preview",
            autoname=Autoname.COPY,
        ),
        _located("monitor:ActionGroup", f"{INSIGHTS}/actionGroups/{{actionGroupName}}", "2024-10-01-preview"),
        _located("monitor:MetricAlert", f"{INSIGHTS}/metricAlerts/{{ruleName}}", "2018-03-01"),
        _located("monitor:ScheduledQueryRule", f"{INSIGHTS}/scheduledQueryRules/{{ruleName}}", "2025-01-01-preview"),
        ResourceType(
            token="azure-native:consumption:Budget",
            path="/{scope}/providers/Microsoft.Consumption/budgets/{budgetName}",
            api_version="2024-08-01",
            autoname=Autoname.RANDOM,
        ),
    )
}
