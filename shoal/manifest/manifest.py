"""The manifest as a record, to and from JSON. It holds no secrets. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from shoal.errors import BadInput
from shoal.manifest.kept_forecast import ExpectedRun, KeptForecast

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFileText:
    name: str
    sha256: str
    """The hash of the file as it was."""
    text: str
    is_whole: bool = True
    """False where secrets were taken out of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDigest:
    tasks: int
    digest: str
    """The digest of the rendered tasks of the stage, in any order."""
    common_digest: str | None = None
    """The digest without the id of the job and the name of the run. None in manifests of an early version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The commit of the job file's repository."""

    id: str
    clean: bool
    """True if no file that git knows was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    format: int = FORMAT
    job_id: str
    run_id: str
    run_name: str
    """`run` in the templates."""
    submitted: str
    """The time in UTC, as ISO 8601 writes it."""
    file: JobFileText
    further_files: Mapping[str, JobFileText] = field(default_factory=dict)
    """Files that the job file includes or takes macros from, by their paths. None in manifests of an early version."""
    parameters: Mapping[str, Any]
    """All of them, also those that had their defaults."""
    withheld: Sequence[str]
    """Names of the parameters whose values are secrets, which are not here."""
    job_digest: str
    """The digest of the job's own properties."""
    tasks: Mapping[str, StageDigest]
    """By stage."""
    packages: Mapping[str, Mapping[str, str]]
    """Application and version of each package, by its name in the stack. The version is the hash of the content."""
    inputs: Mapping[str, str]
    """Files that the job file names, by their paths, and the blobs that hold them: HASH/NAME."""
    pool: Mapping[str, Any]
    """Size of the nodes, slots and image."""
    environment: Mapping[str, Any]
    versions: Mapping[str, str]
    git: Commit | None
    forecast: KeptForecast | None = None
    """The forecast at submission. None in manifests of an early version."""
    results: Mapping[str, str] | None = None
    """SHA-256 of each output, by its path STAGE/TASK/FILE. None until all were fetched."""


def to_text(manifest: Manifest) -> bytes:
    return orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def from_text(text: bytes | str, source: str) -> Manifest:
    """Read a manifest. Raises BadInput, which names the source, for other text."""
    try:
        content = orjson.loads(text)
        if content["format"] != FORMAT:
            raise BadInput(f"{source} is a manifest of format {content['format']}; this shoal reads format {FORMAT}")
        return Manifest(
            **{
                **content,
                "file": JobFileText(**content["file"]),
                "further_files": {
                    name: JobFileText(**further) for name, further in content.get("further_files", {}).items()
                },
                "tasks": {name: StageDigest(**stage) for name, stage in content["tasks"].items()},
                "git": Commit(**content["git"]) if content["git"] else None,
                "forecast": _forecast(content.get("forecast")),
            }
        )
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise BadInput(f"{source} is not a manifest of a run ({exc})") from exc


def _forecast(content: Mapping[str, Any] | None) -> KeptForecast | None:
    if content is None:
        return None
    figures = content["expected"]
    course = [(seconds, done) for seconds, done in figures["course"]] if figures else []
    expected = ExpectedRun(**{**figures, "course": course}) if figures else None
    return KeptForecast(source=content["source"], expected=expected)
