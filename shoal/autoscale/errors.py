"""What can be wrong with a formula, with its evaluation, or with what it is tried on.

AutoscaleFault
├── FormulaFault              the text itself; has a place in it
│   ├── FormulaTooLong        8,192 characters or 100 statements exceeded
│   ├── SyntaxFault           it does not parse
│   └── TypeFault             it parses, but a name, a type or an argument does not fit
├── EvaluationFault           it was evaluated and failed; has a place in it
│   └── InsufficientSampleData
└── InputFault                samples, a scenario or a simulation that make no sense
"""

from shoal.autoscale.spans import NOWHERE, Span, excerpt


class AutoscaleFault(Exception):
    """One clear sentence."""


class Located(AutoscaleFault):
    """A fault at a place of the formula, with the code that Batch reports for it."""

    code = "AutoScalingFormulaEvaluationError"

    def __init__(self, message: str, span: Span = NOWHERE, *, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.suggestion = suggestion

    def __str__(self) -> str:
        return f"{self.message}; {self.suggestion}" if self.suggestion else self.message

    def shown(self, text: str, source: str = "formula") -> str:
        """The fault for a person: place, sentence, the line with a caret."""
        head = f"{source}:{self.span.line}:{self.span.column}: {self}"
        return f"{head}\n{lines}" if (lines := excerpt(text, self.span)) else head


class FormulaFault(Located):
    """The text of the formula is wrong."""


class FormulaTooLong(FormulaFault):
    # Source: error codes of the Batch service as listed in Microsoft.Azure.Batch (BatchErrorCodeStrings).
    code = "AutoScaleFormulaTooLong"


class SyntaxFault(FormulaFault):
    # Source: REST reference, create pool and enable autoscale: 400 with this code.
    code = "AutoScalingFormulaSyntaxError"


class TypeFault(FormulaFault):
    """Source: the live tests of the JavaScript client: an unknown variable is reported as an evaluation error."""


class EvaluationFault(Located):
    """The formula failed while it was evaluated; the pool keeps its size."""

    summary = "Autoscale evaluation failed due to a formula evaluation error"


class InsufficientSampleData(EvaluationFault):
    # Source: REST reference, evaluate an automatic scaling formula: example response.
    code = "InsufficientSampleData"
    summary = "Autoscale evaluation failed due to insufficient sample data"


class InputFault(AutoscaleFault, ValueError):
    """Samples, a scenario or a simulation's description that make no sense."""
