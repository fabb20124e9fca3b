"""Application packages on a node: each version is unpacked once and shared by the tasks that ask for it.

Source: "Deploy applications to compute nodes with Batch application packages"; directory names as seen on nodes.
"""

import threading
import time
import zipfile
import zlib
from pathlib import Path
from tempfile import mkdtemp

from shoal.local.node import archive_limits
from shoal.local.node.archive_limits import ArchiveTooLarge
from shoal.local.node.blob_transfer import AccessDenied, Blobs, NotThere, TransferFailed, blob_url
from shoal.local.node.failure_info import TaskFault
from shoal.local.node.messages import UnpackedPackage

BAD_ARCHIVE = (zipfile.BadZipFile, zlib.error, RuntimeError)
"""The errors of zipfile for an archive that is broken, encrypted or compressed by an unknown method."""


class Packages:
    """Used by several threads at once."""

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        self.folder = folder
        self.blobs = blobs
        self.lock = threading.Lock()
        self.installed: dict[UnpackedPackage, Path] = {}
        """A version that was activated again is another one: tasks may still use the first."""

    def install(self, packages: list[UnpackedPackage]) -> list[tuple[UnpackedPackage, Path]]:
        """Raises TaskFault ApplicationPackageError."""
        # One lock for all: tasks that begin together must not each unpack the same version.
        with self.lock:
            return [(package, self._install(package)) for package in packages]

    def _install(self, package: UnpackedPackage) -> Path:
        label = f"{package.application} {package.version or '(default version)'}"
        if package.container is None or package.blob is None:
            raise _fault(package, f"Application package {label} does not exist or is not active")
        if package not in self.installed:
            try:
                self.installed[package] = self._unpack(package, package.container, package.blob)
            except NotThere as exc:
                raise _fault(package, f"The content of application package {label} is gone from storage") from exc
            except (AccessDenied, TransferFailed, ArchiveTooLarge, OSError, *BAD_ARCHIVE) as exc:
                raise _fault(package, f"Application package {label} could not be installed: {exc}") from exc
        return self.installed[package]

    def _unpack(self, package: UnpackedPackage, container: str, blob: str) -> Path:
        stamp = time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime())
        target = Path(mkdtemp(prefix=f"{package.application.lower()}{package.version}{stamp}-", dir=self.folder))
        target.chmod(0o755)
        archive = target.with_name(f"{target.name}.zip")
        try:
            self.blobs.download(blob_url(self.blobs.auto_storage_url(container), blob), archive)
            with zipfile.ZipFile(archive) as content:
                archive_limits.check(content, archive)
                for entry in content.infolist():
                    extracted = Path(content.extract(entry, target))
                    # zipfile leaves out the modes of files; scripts could not be run without them.
                    if mode := entry.external_attr >> 16 & 0o777:
                        # Whatever its owner may, since the tasks' users are others.
                        extracted.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
        finally:
            archive.unlink(missing_ok=True)
        return target


def _fault(package: UnpackedPackage, message: str) -> TaskFault:
    return TaskFault("ApplicationPackageError", message, Application=package.application)
