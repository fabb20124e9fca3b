"""Check every name, argument and operator of a formula against the documented types, before anything is evaluated.

Statements run in order and only once, so the type of a variable is known at every place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shoal.autoscale.errors import TypeFault
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
    postorder,
    start,
)
from shoal.autoscale.ticks import parse_timestamp
from shoal.autoscale.types import BINARY, FUNCTIONS, METHODS, TIMESTAMP_MEMBERS, UNARY, Signature, Type
from shoal.autoscale.variables import DEALLOCATION, OPTIONS, SERVICE_VARIABLES, TIME_CONSTANTS, Access, service_name
from shoal.suggestion import nearest


@dataclass(frozen=True, slots=True)
class Checked:
    """A formula with the type of each of its expressions."""

    formula: Formula
    types: Mapping[int, Type]
    """Keyed by id() of the expression: equal expressions may have different types at different places."""
    faults: tuple[TypeFault, ...]

    def type_of(self, expression: Expression) -> Type:
        return self.types[id(expression)]


def check(formula: Formula) -> Checked:
    """Find the type of every expression, and collect all faults."""
    checker = _Checker()
    for statement in formula.statements:
        checker.statement(statement)
    # The order of the text: an expression is checked after its parts.
    faults = sorted(checker.faults, key=lambda fault: (fault.span.line, fault.span.column))
    return Checked(formula, checker.types, tuple(faults))


class _Checker:
    def __init__(self) -> None:
        self.types: dict[int, Type] = {}
        self.faults: list[TypeFault] = []
        self._variables: dict[str, Type] = {}

    def statement(self, statement: Statement) -> None:
        for part in postorder(statement.value):
            self.types[id(part)] = self._infer(part)
        type_ = self._value(statement.value)
        if statement.target is not None:
            self._assign(statement.target, type_, start(statement.value))

    def _assign(self, target: Name, type_: Type, span: Span) -> None:
        service = service_name(target.name)
        if service is None:
            if target.name in OPTIONS or target.name in TIME_CONSTANTS:
                self._fault(f"{target.name} is a reserved word and cannot be assigned to", target.span)
            if type_ is Type.NOTHING:
                self._fault(f"there is no value to assign to {target.name}", span)
            self._variables[target.name] = type_
            return
        variable = SERVICE_VARIABLES[service]
        if variable.access is Access.READ_ONLY:
            self._fault(f"{target.name} is read-only", target.span, _did_you_mean(target.name, self._assignable()))
        elif type_ not in {variable.type, Type.UNKNOWN}:
            hint = _deallocation_hint() if service == DEALLOCATION else _single_value_hint(type_)
            self._fault(f"{target.name} takes a {variable.type.value}, not a {type_.value}", span, hint)

    def _value(self, expression: Expression) -> Type:
        """Return the type of a part used as a value; a sampled variable then stands for its current number."""
        type_ = self.types[id(expression)]
        return Type.DOUBLE if type_ is Type.METRIC else type_

    def _infer(self, expression: Expression) -> Type:
        """Return the type of an expression whose parts have theirs."""
        match expression:
            case Number():
                return Type.DOUBLE
            case Text():
                return Type.STRING
            case Name(name, span):
                return self._name(name, span)
            case Unary(operator, operand, span):
                return self._unary(operator, self._value(operand), span)
            case Binary(operator, left, right, span):
                return self._binary(operator, self._value(left), self._value(right), span)
            case Conditional(test, then, otherwise, span):
                self._condition(self._value(test), start(test))
                return self._branches(self._value(then), self._value(otherwise), span)
            case Call(name, arguments, span):
                return self._call(name, arguments, span)
            case Method(owner, name, arguments, span):
                return self._method(owner, name, arguments, span)
            case Member(owner, name, span):
                return self._member(owner, name, span)

    def _name(self, name: str, span: Span) -> Type:
        if service := service_name(name):
            return SERVICE_VARIABLES[service].type
        if name in self._variables:
            return self._variables[name]
        if name in OPTIONS:
            return Type.OPTION
        if name in TIME_CONSTANTS:
            return Type.INTERVAL
        known = [*self._variables, *SERVICE_VARIABLES, *TIME_CONSTANTS, *OPTIONS]
        return self._fault(f"{name} is not defined", span, _truth_hint(name) or _did_you_mean(name, known))

    def _unary(self, operator: str, operand: Type, span: Span) -> Type:
        if operand is Type.UNKNOWN:
            return operand
        if result := UNARY.get((operator, operand)):
            return result
        return self._fault(f"'{operator}' does not apply to a {operand.value}", span)

    def _binary(self, operator: str, left: Type, right: Type, span: Span) -> Type:
        if Type.UNKNOWN in {left, right}:
            return Type.UNKNOWN
        if result := BINARY.get((operator, left, right)):
            return result
        message = f"'{operator}' does not apply to a {left.value} and a {right.value}"
        return self._fault(message, span, _operator_hint(operator, left, right))

    def _condition(self, test: Type, span: Span) -> None:
        if test not in {Type.DOUBLE, Type.UNKNOWN}:
            self._fault(f"a condition must be a double, not a {test.value}", span, _single_value_hint(test))

    def _branches(self, then: Type, otherwise: Type, span: Span) -> Type:
        if then is otherwise or Type.UNKNOWN in {then, otherwise}:
            return then if otherwise is not Type.UNKNOWN else otherwise
        # The compiler wraps the number into a vector of one: nothing is lost, and the result keeps one type.
        if {then, otherwise} == {Type.DOUBLE, Type.VECTOR}:
            return Type.VECTOR
        return self._fault(f"the branches have different types: a {then.value} and a {otherwise.value}", span)

    def _call(self, name: str, arguments: tuple[Expression, ...], span: Span) -> Type:
        if name not in FUNCTIONS:
            return self._fault(f"there is no function {name}", span, _did_you_mean(name, FUNCTIONS))
        result = self._apply(name, FUNCTIONS[name], arguments, span)
        if name == "time" and arguments and isinstance(arguments[0], Text) and arguments[0].value:
            self._check_timestamp(arguments[0])
        return result

    def _check_timestamp(self, text: Text) -> None:
        try:
            parse_timestamp(text.value)
        except ValueError:
            hint = 'write it like "2026-01-31T18:30:00Z", with at most seven decimals in the seconds'
            self._fault(f'"{text.value}" is not a timestamp', text.span, hint)

    def _method(self, owner: Expression, name: str, arguments: tuple[Expression, ...], span: Span) -> Type:
        type_ = self.types[id(owner)]
        if type_ not in {Type.METRIC, Type.UNKNOWN}:
            hint = "only the read-only service variables have a history"
            self._fault(f"a {type_.value} has no method {name}", span, hint)
        elif name not in METHODS:
            self._fault(f"a sampled variable has no method {name}", span, _did_you_mean(name, METHODS))
        elif type_ is Type.METRIC:
            return self._apply(name, METHODS[name], arguments, span)
        return Type.UNKNOWN

    def _member(self, owner: Expression, name: str, span: Span) -> Type:
        match self.types[id(owner)]:
            case Type.TIMESTAMP if name in TIMESTAMP_MEMBERS:
                return Type.DOUBLE
            case Type.TIMESTAMP:
                return self._fault(f"a timestamp has no member {name}", span, _did_you_mean(name, TIMESTAMP_MEMBERS))
            case Type.METRIC if name in METHODS:
                return self._fault(f"{name} is a method", span, f"call it: {name}(…)")
            case Type.UNKNOWN:
                return Type.UNKNOWN
            case type_:
                return self._fault(f"a {type_.value} has no members", span)

    def _apply(
        self, name: str, signatures: tuple[Signature, ...], arguments: tuple[Expression, ...], span: Span
    ) -> Type:
        given = tuple(self._value(argument) for argument in arguments)
        # An argument's fault is reported already; the result goes on where all signatures agree on it.
        if Type.UNKNOWN in given:
            results = {signature.result for signature in signatures}
            return results.pop() if len(results) == 1 else Type.UNKNOWN
        for signature in signatures:
            if signature.fits(given):
                return signature.result
        usages = " or ".join(dict.fromkeys(f"{name}({signature.form})" for signature in signatures))
        given_types = ", ".join(type_.value for type_ in given)
        message = f"{name} does not take ({given_types})" if given else f"{name} needs arguments"
        return self._fault(message, span, f"write {usages}")

    def _assignable(self) -> list[str]:
        return [name for name, variable in SERVICE_VARIABLES.items() if variable.access is Access.READ_WRITE]

    def _fault(self, message: str, span: Span, suggestion: str | None = None) -> Type:
        self.faults.append(TypeFault(message, span, suggestion=suggestion))
        return Type.UNKNOWN


def _did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Suggest the known name closest to `name`, ignoring case and `$`: these are what people get wrong most often."""
    by_core = {candidate.lower().lstrip("$"): candidate for candidate in known}
    near = nearest(name.lower().lstrip("$"), by_core, likeness=0.7)
    return f"did you mean {by_core[near]}?" if near else None


def _truth_hint(name: str) -> str | None:
    return "write 1 for true and 0 for false" if name.lower() in {"true", "false"} else None


def _single_value_hint(type_: Type) -> str | None:
    return "reduce the vector to one value: max(…), avg(…) or val(…, 0)" if type_ is Type.VECTOR else None


def _deallocation_hint() -> str:
    return f"write one of {', '.join(OPTIONS)}"


def _operator_hint(operator: str, left: Type, right: Type) -> str | None:
    match operator, left, right:
        case "-", Type.TIMESTAMP, Type.INTERVAL:
            return "add a negative interval: time() + (-6 * TimeInterval_Hour)"
        case ("+" | "*", Type.DOUBLE, Type.VECTOR):
            return "put the vector on the left"
        case (_, Type.VECTOR, _) | (_, _, Type.VECTOR):
            return _single_value_hint(Type.VECTOR)
        case "/", Type.INTERVAL, Type.INTERVAL:
            return "intervals can be compared, and divided by numbers"
        case _:
            return None
