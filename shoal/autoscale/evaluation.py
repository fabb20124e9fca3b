"""Evaluate a formula at one moment: the targets that it sets, reported as Batch reports them.

Source: REST reference, evaluate an automatic scaling formula (AutoScaleRun); the order of the variables and the six
digits of a double are those of results recorded from the service.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shoal.autoscale.compilation import Program, reported_variables
from shoal.autoscale.errors import EvaluationFault, FormulaFault, Located
from shoal.autoscale.frames import Frame, Stop, Value
from shoal.autoscale.samples import ConstantSamples, Samples
from shoal.autoscale.spans import Span
from shoal.autoscale.ticks import from_datetime, interval_text, timestamp_text
from shoal.autoscale.types import Type
from shoal.autoscale.variables import CURRENT_DEDICATED, CURRENT_SPOT, SLOTS_PER_NODE, Deallocation

MAX_NODES = 2**31 - 1
"""The targets are 32-bit integers on the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSnapshot:
    """Facts about the pool that the service knows without samples."""

    target_dedicated_nodes: int = 0
    target_low_priority_nodes: int = 0
    current_dedicated_nodes: int = 0
    current_low_priority_nodes: int = 0
    task_slots_per_node: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationError:
    code: str
    message: str
    detail: str
    """Line, column and the reason."""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The result of one evaluation.

    After an error, the targets are the pool's current ones: a failed evaluation changes nothing.
    """

    time: datetime
    target_dedicated_nodes: int
    target_low_priority_nodes: int
    node_deallocation_option: Deallocation
    error: EvaluationError | None
    variables: tuple[tuple[str, Type, Value], ...]
    """Assigned variables, named as the formula spells them; service variables come first."""

    @property
    def results(self) -> str:
        """Format as `$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;$tasks=7.5`."""
        return ";".join([f"{name}={_value_text(type_, value)}" for name, type_, value in self.variables])

    def wire(self) -> dict[str, Any]:
        """Return the autoScaleRun of the REST interface."""
        run: dict[str, Any] = {"timestamp": timestamp_text(from_datetime(self.time)), "results": self.results}
        if self.error:
            values = [{"name": "Message", "value": self.error.detail}]
            run["error"] = {"code": self.error.code, "message": self.error.message, "values": values}
        return run


def evaluate(program: Program, *, time: datetime, samples: Samples, pool: PoolSnapshot, seed: int = 0) -> Evaluation:
    """Run the formula at an aware `time`. Never raises: a failure becomes the evaluation's `error`."""
    frame = _frame(program, from_datetime(time), samples, pool, seed)
    done, fault = _run(program, frame)
    if fault is None:
        try:
            return _succeeded(program, frame, done, time)
        # A target that is no number of nodes shows only after the last statement: it may be assigned again.
        except EvaluationFault as exc:
            fault = exc
    return _failed(program, frame, done, time, pool, fault)


def refused(fault: FormulaFault, *, time: datetime, pool: PoolSnapshot) -> Evaluation:
    """Return the evaluation of a formula that does not parse or fit the types: an error, and unchanged targets."""
    frame = _frame(_EMPTY, from_datetime(time), _NO_SAMPLES, pool, 0)
    return _failed(_EMPTY, frame, 0, time, pool, fault)


_EMPTY = Program(())
_NO_SAMPLES = ConstantSamples({})


def _frame(program: Program, now: int, samples: Samples, pool: PoolSnapshot, seed: int) -> Frame:
    values: list[Value] = [0.0] * len(program.names)
    # The first slots are SERVICE_SLOTS. A target that the formula reads before assigning it is the pool's current one.
    values[0] = float(pool.target_dedicated_nodes)
    values[1] = float(pool.target_low_priority_nodes)
    values[2] = Deallocation.REQUEUE
    present = {
        CURRENT_DEDICATED: float(pool.current_dedicated_nodes),
        CURRENT_SPOT: float(pool.current_low_priority_nodes),
        SLOTS_PER_NODE: float(pool.task_slots_per_node),
    }
    return Frame(now=now, samples=samples, present=present, values=values, seed=seed)


def _run(program: Program, frame: Frame) -> tuple[int, EvaluationFault | None]:
    """Run the statements. Return how many completed, and the fault that ended the run early."""
    values = frame.values
    done = 0
    try:
        for step in program.steps:
            value = step.run(frame)
            if step.slot is not None:
                values[step.slot] = value
            done += 1
    except Stop:
        pass
    except EvaluationFault as fault:
        return done, fault
    return done, None


def _succeeded(program: Program, frame: Frame, done: int, time: datetime) -> Evaluation:
    dedicated, spot = (_nodes(program, frame, slot, done) for slot in (0, 1))
    # The results report the targets as Batch sets them: as whole numbers.
    frame.values[:2] = [float(dedicated), float(spot)]
    return Evaluation(
        time=time,
        target_dedicated_nodes=dedicated,
        target_low_priority_nodes=spot,
        node_deallocation_option=_option(frame),
        error=None,
        variables=_variables(program, frame, done),
    )


def _failed(
    program: Program, frame: Frame, done: int, time: datetime, pool: PoolSnapshot, fault: Located
) -> Evaluation:
    message = fault.summary if isinstance(fault, EvaluationFault) else EvaluationFault.summary
    detail = f"Line {fault.span.line}, Col {fault.span.column}: {fault.message}"
    return Evaluation(
        time=time,
        target_dedicated_nodes=pool.target_dedicated_nodes,
        target_low_priority_nodes=pool.target_low_priority_nodes,
        node_deallocation_option=_option(frame),
        error=EvaluationError(code=fault.code, message=message, detail=detail, span=fault.span),
        variables=_variables(program, frame, done),
    )


def _nodes(program: Program, frame: Frame, slot: int, done: int) -> int:
    """Return a target as a whole number of nodes: truncated, as the published idiom (tasks + 3) / 4 expects."""
    value = frame.values[slot]
    assert isinstance(value, float)
    if not -1 < value <= MAX_NODES:  # -0.5 is truncated to 0
        # The last assignment that was carried out gave the value.
        span = next((step.span for step in reversed(program.steps[:done]) if step.slot == slot), Span(1, 1))
        raise EvaluationFault(f"{program.names[slot]} cannot be {value:g}", span)
    return int(value)


def _option(frame: Frame) -> Deallocation:
    option = frame.values[2]
    assert isinstance(option, Deallocation)
    return option


def _variables(program: Program, frame: Frame, done: int) -> tuple[tuple[str, Type, Value], ...]:
    """List the assigned variables after so many statements."""
    reported = (
        program.reported if done == len(program.steps) else reported_variables(program.steps[:done], program.names)
    )
    values = frame.values
    return tuple([(name, type_, values[slot]) for name, type_, slot in reported])


def _value_text(type_: Type, value: Value) -> str:
    # By its class, and the usual one first: a match on the abstract Sequence took half of an evaluation.
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Deallocation):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return timestamp_text(value) if type_ is Type.TIMESTAMP else interval_text(value)
    return f"[{','.join([f'{number:g}' for number in value])}]"
