"""The autoscale formula language of Azure Batch: parsed, checked, evaluated, built and simulated.

Pure: no I/O, no clock, no Azure client and no other package of `shoal`. Where the documentation of Batch leaves a
question open, this package decides; `docs/autoscale.md` states each decision and its reason.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shoal.autoscale.checking import Checked, check
    from shoal.autoscale.compilation import Program, compile_formula
    from shoal.autoscale.errors import (
        AutoscaleFault,
        EvaluationFault,
        FormulaFault,
        FormulaTooLong,
        SyntaxFault,
        TypeFault,
    )
    from shoal.autoscale.evaluation import Evaluation, PoolSnapshot, evaluate
    from shoal.autoscale.parser import parse
    from shoal.autoscale.printing import to_text
    from shoal.autoscale.samples import ConstantSamples, SampleHistory, Samples
    from shoal.autoscale.syntax import Formula

__all__ = [
    "AutoscaleFault",
    "Checked",
    "ConstantSamples",
    "Evaluation",
    "EvaluationFault",
    "Formula",
    "FormulaFault",
    "FormulaTooLong",
    "PoolSnapshot",
    "Program",
    "SampleHistory",
    "Samples",
    "SyntaxFault",
    "TypeFault",
    "check",
    "compile_formula",
    "evaluate",
    "parse",
    "to_text",
]

_PLACES = {
    "AutoscaleFault": "errors",
    "Checked": "checking",
    "ConstantSamples": "samples",
    "Evaluation": "evaluation",
    "EvaluationFault": "errors",
    "Formula": "syntax",
    "FormulaFault": "errors",
    "FormulaTooLong": "errors",
    "PoolSnapshot": "evaluation",
    "Program": "compilation",
    "SampleHistory": "samples",
    "Samples": "samples",
    "SyntaxFault": "errors",
    "TypeFault": "errors",
    "check": "checking",
    "compile_formula": "compilation",
    "evaluate": "evaluation",
    "parse": "parser",
    "to_text": "printing",
}
"""The module of each name. They are loaded when used: most commands only read durations."""


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
