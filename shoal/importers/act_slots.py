"""`taskSlotFormula` of ACT, statements of Python, as one expression of a job file.

The formula assigns names from `inputName`, `inputSize` (bytes) and `$section.key`, values of the configuration, and at
last `requiredSlots`. Assignments are put into each other, so that one expression is left.

Source: ACT (MeirellesLab/AzureCustomTasks), src/act/config_reader.py (2025-03): the function has these two arguments;
its examples write them input_name and input_size.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence

INPUTS = {"inputName": "input", "input_name": "input", "inputSize": "input.size", "input_size": "input.size"}
COLUMNS = {"inputName": "input", "input_name": "input", "inputSize": "size", "input_size": "size"}
"""Their names in a sweep over blobs, and in one over the table of listed inputs."""
SETTING = re.compile(r"\$([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")
FILTERS = {"int": "int", "float": "float", "abs": "abs", "round": "round", "str": "string", "len": "length"}
"""Functions of Python with one argument, and Jinja's filter that gives the same value."""
MAX_LENGTH = 2_000
"""Characters of an expression; assignments that use each other double it quickly."""


class NotCarriedOver(Exception):
    """The formula uses a part of Python that an expression of a job file does not have."""


def slots_expression(
    statements: Sequence[str], setting: Callable[[str], object], inputs: Mapping[str, str] = INPUTS
) -> str:
    """Return the expression for `requiredSlots`, without braces; `setting` gives values of the configuration.

    `inputs` has the names of the formula's arguments in the job file.

    Raises NotCarriedOver.
    """
    values = {"requiredSlots": "1", **inputs}
    source = "\n".join(SETTING.sub(lambda match: repr(setting(match[1])), line) for line in statements)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as exc:
        raise NotCarriedOver(f"it is not valid Python: {exc}") from exc
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = _expression(value, values)
            case _:
                raise NotCarriedOver(f"`{ast.unparse(statement).splitlines()[0]}` is not a plain assignment")
    return values["requiredSlots"]


def _expression(node: ast.expr, values: Mapping[str, str]) -> str:
    text = _text(node, values)
    if len(text) > MAX_LENGTH:
        raise NotCarriedOver("as one expression it is too long")
    return text


def _text(node: ast.expr, values: Mapping[str, str]) -> str:
    def inner(part: ast.expr) -> str:
        return _expression(part, values)

    match node:
        case ast.Constant(value=bool(value)):
            return str(value).lower()
        case ast.Constant(value=int() | float() | str() as value):
            return repr(value)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return f"({inner(left)} {OPERATORS[type(op)]} {inner(right)})"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(-{inner(operand)})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"(not {inner(operand)})"
        case ast.BoolOp(op=op, values=parts):
            word = " and " if isinstance(op, ast.And) else " or "
            return f"({word.join(map(inner, parts))})"
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
            return f"({inner(left)} {COMPARISONS[type(op)]} {inner(right)})"
        case ast.IfExp(test=test, body=body, orelse=other):
            return f"({inner(body)} if {inner(test)} else {inner(other)})"
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FILTERS:
            return f"({inner(argument)} | {FILTERS[name]})"
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=[_, _, *_] as arguments, keywords=[]):
            return f"([{', '.join(map(inner, arguments))}] | {name})"
        case _:
            raise NotCarriedOver(f"`{ast.unparse(node)}` has no equal in a job file")


OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
