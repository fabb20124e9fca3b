"""The autoscale formula language of Azure Batch: parsed, checked, evaluated, built and simulated.

Pure: no I/O, no clock, no Azure client and no other package of `shoal`. Where the documentation of Batch leaves a
question open, this package decides; `docs/autoscale.md` states each decision and its reason.
"""

from shoal.autoscale.checking import Checked, check
from shoal.autoscale.compilation import Program, compile_formula
from shoal.autoscale.errors import AutoscaleFault, EvaluationFault, FormulaFault, FormulaTooLong, SyntaxFault, TypeFault
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
