"""Manifests, from the parts that matter to a test."""

from dataclasses import replace
from typing import Any

from shoal.manifest.manifest import Commit, JobFileText, Manifest, StageDigest


def manifest(**more: Any) -> Manifest:
    plain = Manifest(
        job_id="nightly",
        run_id="0a1b2c3d",
        run_name="r1",
        submitted="2026-11-02T09:30:00Z",
        file=JobFileText(name="job.yaml", sha256="00", text="job: {pool: spot}\n"),
        parameters={"paths": 5},
        withheld=[],
        job_digest="11",
        tasks={"work": StageDigest(tasks=4, digest="22")},
        packages={"var": {"application": "var", "version": "1"}},
        inputs={"data/x.txt": "0123456789abcdef/x.txt"},
        pool={"id": "spot-pool", "vm_size": "standard_d2s_v3", "image": "ubuntu 24.04"},
        environment={"stack": "local"},
        versions={"python": "3.11.2"},
        git=Commit(id="c0ffee", clean=True),
    )
    return replace(plain, **more)
