"""An application package: its content uploaded as a version, and the version activated."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypedDict

import pulumi
from pulumi_azure_native import batch

from ..argument_types import BatchId, NotEmpty
from ..azure_provider import arm_endpoint, provider_token
from ..component import checked, outputs, reporter
from .package_content import content_version
from .publication import Publication, await_access, publish
from .role_wait import RoleWait


class ApplicationPackageArgs(TypedDict):
    resource_group_name: pulumi.Input[str]
    """Resource group of the Batch account."""
    account_name: pulumi.Input[str]
    """Name of the Batch account that keeps the package."""
    application_name: BatchId
    """Name of the application. Tasks find it unpacked in `$AZ_BATCH_APP_PACKAGE_NAME`."""
    directory: NotEmpty
    """Directory to pack, relative to the project."""


class ApplicationPackage(pulumi.ComponentResource):
    """An application with one version, the hash of a directory's content, so that unchanged content changes nothing.

    A pool that takes `version` is made only after the version is active.
    """

    application_id: pulumi.Output[str]
    """ARM id of the application."""
    application_name: pulumi.Output[str]
    """Name of the application, by which tasks and pools refer to it."""
    version: pulumi.Output[str]
    """Version of the content, known once it is active."""

    def __init__(self, name: str, args: ApplicationPackageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(self, name, ApplicationPackageArgs, args)
        super().__init__("shoal:index:ApplicationPackage", name, None, opts)
        directory = package_directory(args["directory"])
        version_name = content_version(directory)
        application = batch.Application(
            f"{name}-application",
            resource_group_name=args["resource_group_name"],
            account_name=args["account_name"],
            application_name=args["application_name"],
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["defaultVersion"]),
        )
        package = batch.ApplicationPackage(
            f"{name}-version",
            resource_group_name=args["resource_group_name"],
            account_name=args["account_name"],
            application_name=self._reservable(application, args, directory, version_name),
            version_name=version_name,
            # The older version stays until the pools have the newer one.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=False),
        )
        self.application_id = application.id
        self.application_name = application.name
        self.version = self._activated(package, args, directory, version_name)
        self.register_outputs(outputs(self))

    def _reservable(
        self, application: batch.Application, args: ApplicationPackageArgs, directory: Path, version: str
    ) -> pulumi.Output[str]:
        """Return the application's name, in a deployment once Batch can reserve versions of it."""

        def reserve(publication: Publication, wait: RoleWait) -> str:
            await_access(publication, wait)
            return args["application_name"]

        return self._published(application, args, directory, version, reserve, args["application_name"])

    def _activated(
        self, package: batch.ApplicationPackage, args: ApplicationPackageArgs, directory: Path, version: str
    ) -> pulumi.Output[str]:
        """Return the version: known at once in a preview, and in a deployment once it is active."""
        return self._published(package, args, directory, version, publish, version)

    def _published(
        self,
        resource: pulumi.CustomResource,
        args: ApplicationPackageArgs,
        directory: Path,
        version: str,
        step: Callable[[Publication, RoleWait], str],
        in_preview: str,
    ) -> pulumi.Output[str]:
        """Return the result of a step that follows the resource, in a preview its known result."""

        def act(values: dict[str, str]) -> str | Awaitable[str]:
            if pulumi.runtime.is_dry_run():
                return in_preview
            publication = Publication(
                arm_endpoint=arm_endpoint(),
                token=values["token"],
                storage_token=values["storage_token"],
                subscription_id=values["id"].split("/")[2],
                resource_group=values["resource_group"],
                account=values["account"],
                application=args["application_name"],
                version=version,
                directory=directory,
            )
            return asyncio.to_thread(step, publication, RoleWait(report=reporter(self)))

        return pulumi.Output.unsecret(
            pulumi.Output.all(
                id=resource.id,
                token=provider_token(),
                storage_token=provider_token("https://storage.azure.com/"),
                resource_group=args["resource_group_name"],
                account=args["account_name"],
            ).apply(act)
        )


def package_directory(relative: str) -> Path:
    """Return the directory below the project; inline programs of the Automation API have only a working directory."""
    return Path(pulumi.get_root_directory() or Path.cwd()) / relative
