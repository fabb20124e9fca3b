"""Compile the tree of a formula into closures, which can be evaluated many thousand times a second."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shoal.autoscale import functions, operators, sampling
from shoal.autoscale.checking import Checked, check
from shoal.autoscale.errors import EvaluationFault, InsufficientSampleData
from shoal.autoscale.frames import Frame, Stop, Value
from shoal.autoscale.operators import Run
from shoal.autoscale.samples import ConstantSamples
from shoal.autoscale.spans import Span
from shoal.autoscale.syntax import (
    Binary,
    Call,
    Conditional,
    Expression,
    Formula,
    Member,
    Method,
    Name,
    Number,
    Statement,
    Text,
    Unary,
    children,
    postorder,
    start,
)
from shoal.autoscale.ticks import member, parse_timestamp
from shoal.autoscale.types import Type
from shoal.autoscale.unrolling import MAX_HEIGHT, Unroller
from shoal.autoscale.variables import DEALLOCATION, OPTIONS, TARGET_DEDICATED, TARGET_SPOT, TIME_CONSTANTS, service_name

SERVICE_SLOTS = (TARGET_DEDICATED, TARGET_SPOT, DEALLOCATION)
"""The variables in the first slots of every program."""


@dataclass(frozen=True, slots=True)
class Step:
    """One statement, ready to run."""

    run: Run
    slot: int | None
    """Slot of the assigned variable; None for a bare expression, and for an alias after its full name was assigned."""
    written: str
    type: Type
    span: Span


Reported = tuple[str, Type, int]
"""A variable as results list it: spelling, type and slot."""


def reported_variables(steps: Sequence[Step], names: Sequence[str] = SERVICE_SLOTS) -> tuple[Reported, ...]:
    """List the variables that the steps assign: those of the service first, then the others by name.

    The last assignment decides the spelling and the type.
    """
    written = {name: (name, Type.OPTION if slot == 2 else Type.DOUBLE) for slot, name in enumerate(SERVICE_SLOTS)}
    for step in steps:
        if step.slot is not None:
            written[names[step.slot]] = (step.written, step.type)
    slots = {name: slot for slot, name in enumerate(names)}
    own = sorted(name for name in written if name not in SERVICE_SLOTS)
    return tuple((*written[name], slots[name]) for name in (*SERVICE_SLOTS, *own))


@dataclass(frozen=True, slots=True)
class Program:
    steps: tuple[Step, ...]
    names: tuple[str, ...] = SERVICE_SLOTS
    """Names of the variables, by slot."""
    reported: tuple[Reported, ...] = reported_variables(())
    """The variables after all steps."""
    is_restless: bool = False
    """True where the same samples may give another result: the formula reads the clock, or throws dice."""
    vector_operations: int = 0
    """Operations whose result is a vector: each may take as long as there are samples."""


def compile_formula(formula: Formula | Checked) -> Program:
    """Compile the formula. Raises its first TypeFault where it does not fit the types."""
    checked = formula if isinstance(formula, Checked) else check(formula)
    if checked.faults:
        raise checked.faults[0]
    compiler = _Compiler(checked)
    steps = tuple(compiler.step(statement) for statement in checked.formula.statements)
    called = {part.name for statement in checked.formula.statements for part in _calls(statement.value)}
    names = tuple(compiler.slots)
    return Program(
        steps,
        names,
        reported_variables(steps, names),
        is_restless=bool(called & {"time", "rand"}),
        vector_operations=sum(type_ is Type.VECTOR for type_ in checked.types.values()),
    )


def _calls(expression: Expression) -> Iterator[Call]:
    return (part for part in postorder(expression) if isinstance(part, Call))


class _Compiler:
    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self.slots = {name: index for index, name in enumerate(SERVICE_SLOTS)}
        self._assigned_in_full: set[str] = set()
        self._runs: dict[int, Run] = {}
        """Closures of subtrees that are not too high, by id() of their expressions."""

    def step(self, statement: Statement) -> Step:
        run = self._compiled(statement.value)
        type_ = self._value_type(statement.value)
        span = start(statement.value)
        if statement.target is None:
            return Step(run, None, "", type_, span)
        written = statement.target.name
        name = service_name(written) or written
        if written.lower() == name.lower():
            self._assigned_in_full.add(name)
        # The full name wins over its alias, in whichever order the formula assigns them.
        elif name in self._assigned_in_full:
            return Step(run, None, written, type_, span)
        return Step(run, self.slots.setdefault(name, len(self.slots)), written, type_, span)

    def _value_type(self, expression: Expression) -> Type:
        type_ = self._checked.type_of(expression)
        return Type.DOUBLE if type_ is Type.METRIC else type_

    def _compiled(self, expression: Expression) -> Run:
        heights: dict[int, int] = {}
        for part in postorder(expression):
            heights[id(part)] = 1 + max((heights[id(child)] for child in children(part)), default=0)
            if heights[id(part)] <= MAX_HEIGHT:
                self._runs[id(part)] = self._operation(part)
        if heights[id(expression)] <= MAX_HEIGHT:
            return self._value(expression)
        return Unroller(self._runs, self._operation, self._branch).unrolled(expression)

    def _value(self, expression: Expression) -> Run:
        return self._runs[id(expression)]

    def _operation(self, expression: Expression) -> Run:
        """Return the closure of an expression whose parts have theirs."""
        match expression:
            case Number(value) | Text(value):
                return _constant(value)
            case Name(name, span):
                return self._name(name, span, self._checked.type_of(expression))
            case Unary(operator, operand):
                return _folded(operators.unary(operator, self._value(operand)), [operand])
            case Binary(operator, left, right, span):
                types = (self._value_type(left), self._value_type(right))
                made = operators.binary(operator, self._value(left), self._value(right), types, span)
                return _folded(made, [left, right])
            case Conditional(test, then, otherwise):
                branches = [self._branch(expression, branch) for branch in (then, otherwise)]
                return operators.conditional(self._value(test), *branches)
            case Call(name, arguments, span):
                return self._function(name, arguments, span)
            case Method(owner, name, arguments):
                return self._method(owner, name, arguments)
            case Member(owner, name):
                run = self._value(owner)
                return lambda frame: member(run(frame), name)

    def _name(self, name: str, span: Span, type_: Type) -> Run:
        service = service_name(name)
        if service and type_ is Type.METRIC:
            return sampling.present_value(service, name, span)
        # Not just `if slot`: slot 0 is a variable too. The checker lets no formula assign the names of constants.
        if (slot := self.slots.get(service or name)) is not None:
            return lambda frame: frame.values[slot]
        return _constant(OPTIONS[name] if name in OPTIONS else TIME_CONSTANTS[name])

    def _branch(self, conditional: Conditional, branch: Expression) -> Run:
        run = self._value(branch)
        if self._checked.type_of(conditional) is Type.VECTOR and self._value_type(branch) is Type.DOUBLE:
            return lambda frame: [run(frame)]
        return run

    def _method(self, owner: Expression, name: str, arguments: tuple[Expression, ...]) -> Run:
        assert isinstance(owner, Name)  # only a name has the type of a sampled variable
        variable = service_name(owner.name) or owner.name
        given = [(self._value(argument), self._value_type(argument)) for argument in arguments]
        return sampling.method(variable, owner.name, name, given, owner.span)

    def _function(self, name: str, arguments: tuple[Expression, ...], span: Span) -> Run:
        runs = [self._value(argument) for argument in arguments]
        types = [self._value_type(argument) for argument in arguments]
        match name:
            case "time":
                return _time(runs, span)
            case "rand":
                return lambda frame: frame.rand()
            case "stop":
                return _stop
            case "percentile":
                return _guarded(lambda frame: functions.percentile(runs[0](frame), runs[1](frame)), span)
            case "val":
                return _guarded(lambda frame: functions.element(runs[0](frame), runs[1](frame)), span)
        values = _values(runs, types)
        if name == "vec":
            return _guarded(values, span)
        if reduction := functions.REDUCTIONS.get(name):
            return _guarded(lambda frame: reduction(values(frame)), span)
        each = functions.ELEMENTWISE[name]
        if types == [Type.DOUBLE]:
            return _guarded(lambda frame: each(runs[0](frame)), span)
        return _guarded(lambda frame: [each(value) for value in values(frame)], span)


def _values(runs: list[Run], types: list[Type]) -> Callable[[Frame], Sequence[float]]:
    """Return a closure that gives all elements of a doubleVecList."""
    if all(type_ is Type.DOUBLE for type_ in types):
        return lambda frame: [run(frame) for run in runs]
    if len(runs) == 1:
        return runs[0]
    parts = [run if type_ is Type.VECTOR else _single(run) for run, type_ in zip(runs, types, strict=True)]
    return lambda frame: functions.joined([part(frame) for part in parts])


def _single(run: Run) -> Run:
    return lambda frame: (run(frame),)


def _constant(value: Value) -> Run:
    return lambda frame: value


def _folded(run: Run, operands: list[Expression]) -> Run:
    """Replace an operation on constants by its result: `15 * TimeInterval_Minute` is computed only once."""
    if not all(isinstance(operand, Number) or _is_time_constant(operand) for operand in operands):
        return run
    try:
        # Constants read nothing from the frame, so an empty one will do.
        return _constant(run(Frame(now=0, samples=ConstantSamples({}), present={}, values=[])))
    except EvaluationFault:
        return run  # the fault belongs to the evaluation: `1 / 0` compiles


def _is_time_constant(operand: Expression) -> bool:
    return isinstance(operand, Name) and operand.name in TIME_CONSTANTS


def _guarded(run: Run, span: Span) -> Run:
    """Turn errors of the built-in functions into faults at the span."""

    def guarded(frame: Frame) -> Value:
        try:
            value: Value = run(frame)
        # From the narrowest to the widest: NoValues is an Undefined, and that is a ValueError.
        except functions.NoValues as exc:
            raise InsufficientSampleData(str(exc), span) from exc
        except functions.Undefined as exc:
            raise EvaluationFault(str(exc), span) from exc
        # math.fsum raises the one for a sum that is too large, the other for inf beside -inf.
        except (OverflowError, ValueError) as exc:
            raise EvaluationFault("the numbers are too large", span) from exc
        return value

    return guarded


def _time(runs: list[Run], span: Span) -> Run:
    if not runs:
        return lambda frame: frame.now

    def parsed(frame: Frame) -> int:
        text = runs[0](frame)
        if not text:
            return frame.now  # Source: the documentation declares time(string dateTime="")
        try:
            return parse_timestamp(text)
        except ValueError as exc:
            raise EvaluationFault(f'"{text}" is not a timestamp', span) from exc

    return parsed


def _stop(frame: Frame) -> Value:
    raise Stop
