"""An application and the version of it that a directory's content names, uploaded and activated."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import TypedDict

import pulumi
from pulumi_azure_native import authorization, batch

from ..azure_provider import arm_endpoint
from .package_content import content_version
from .package_upload import Waiting
from .publication import Publication, publish


class ApplicationPackageArgs(TypedDict):
    resource_group_name: pulumi.Input[str]
    """Of the Batch account."""
    account_name: pulumi.Input[str]
    """The Batch account that keeps it."""
    application_name: str
    """What tasks call it: `$AZ_BATCH_APP_PACKAGE_NAME` is the directory it is unpacked to."""
    directory: str
    """Relative to the project; everything in it is packed."""


class ApplicationPackage(pulumi.ComponentResource):
    """The version is the hash of the content, so unchanged content changes nothing.

    Whatever uses the package takes `version`, and so exists only after activation.
    """

    application_id: pulumi.Output[str]
    """ARM id of the application."""
    application_name: pulumi.Output[str]
    """What tasks and pools call it."""
    version: pulumi.Output[str]
    """Of the content; known once it is active."""

    def __init__(self, name: str, args: ApplicationPackageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
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
            application_name=application.name,
            version_name=version_name,
            # The older version stays until the pools have the newer one.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=False),
        )
        self.application_id = application.id
        self.application_name = application.name
        self.version = self._activated(package, args, directory, version_name)
        self.register_outputs({"applicationId": self.application_id, "version": self.version})

    def _activated(
        self, package: batch.ApplicationPackage, args: ApplicationPackageArgs, directory: Path, version: str
    ) -> pulumi.Output[str]:
        """The version, known in a preview at once and in a deployment once it is active."""

        def activate(values: dict[str, str]) -> str | Awaitable[str]:
            if pulumi.runtime.is_dry_run():
                return version
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
            return asyncio.to_thread(publish, publication, self._waiting())

        return pulumi.Output.unsecret(
            pulumi.Output.all(
                id=package.id,
                token=_token(),
                storage_token=_token("https://storage.azure.com/"),
                resource_group=args["resource_group_name"],
                account=args["account_name"],
            ).apply(activate)
        )

    def _waiting(self) -> Waiting:
        """Tells from the thread that waits what it waits for."""
        loop = asyncio.get_running_loop()

        def tell(message: str) -> None:
            loop.call_soon_threadsafe(pulumi.log.info, message, self)

        return Waiting(tell=tell)


def package_directory(relative: str) -> Path:
    """Below the project's directory; an inline program of the Automation API knows only where it runs."""
    return Path(pulumi.get_root_directory() or Path.cwd()) / relative


def _token(endpoint: str | None = None) -> pulumi.Output[str]:
    """Of whoever deploys; for ARM where no endpoint is named."""
    return pulumi.Output.secret(authorization.get_client_token_output(endpoint=endpoint).token)
