"""shoal.autoscale gets all its inputs from its caller."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "shoal" / "autoscale"
REACHES_OUT = {"os", "pathlib", "io", "socket", "subprocess", "time", "threading", "asyncio", "click", "azure"}
BUILT_IN = {"open", "print", "input", "exec", "eval", "compile", "__import__"}
CLOCKS = {"now", "utcnow", "today"}


def offences(source: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Import(names):
                found += [alias.name for alias in names if alias.name.split(".")[0] in REACHES_OUT]
            case ast.ImportFrom(str(module)) if module.split(".")[0] in REACHES_OUT:
                found.append(module)
            case ast.Call(ast.Name(name)) if name in BUILT_IN:
                found.append(name)
            case ast.Call(ast.Attribute(_, name)) if name in CLOCKS:
                found.append(name)
    return found


def test_package_has_no_input_no_output_no_clock_and_runs_no_code() -> None:
    sources = sorted(PACKAGE.rglob("*.py"))
    assert len(sources) > 40
    assert {str(source.relative_to(PACKAGE)): found for source in sources if (found := offences(source))} == {}
