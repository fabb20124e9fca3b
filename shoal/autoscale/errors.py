"""Errors of formulas, of their evaluation, and of the inputs that they are tried on.

AutoscaleFault
├── FormulaFault              the text is wrong; has a place in it
│   ├── FormulaTooLong        more than 8,192 characters or 100 statements
│   ├── SyntaxFault           the text does not parse
│   └── TypeFault             the text parses, but a name, a type or an argument does not fit
├── EvaluationFault           the evaluation failed; has a place in the text
│   └── InsufficientSampleData
└── InputFault                samples, a scenario or a simulation's description that make no sense
"""

from shoal.autoscale.spans import NOWHERE, Span, excerpt


class AutoscaleFault(Exception):
    """Base of all errors here; its text is one sentence for the user."""


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
        """Return the fault as text for a person: place, sentence, and the line with a caret."""
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
    """A name, a type or an argument does not fit.

    Batch reports an unknown variable as an evaluation error. Source: the live tests of the JavaScript client.
    """


class EvaluationFault(Located):
    """The formula failed while it was evaluated; the pool keeps its size."""

    summary = "Autoscale evaluation failed due to a formula evaluation error"


class InsufficientSampleData(EvaluationFault):
    # Source: REST reference, evaluate an automatic scaling formula: example response.
    code = "InsufficientSampleData"
    summary = "Autoscale evaluation failed due to insufficient sample data"


class InputFault(AutoscaleFault, ValueError):
    """Samples, a scenario or a simulation's description that make no sense."""
