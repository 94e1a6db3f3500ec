"""Formulas of alarms: metric math (`100 * faults / MAX([requests, 20])`) and rules (`ALARM(${A}) AND ALARM(${B})`)."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Mapping

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
FUNCTIONS = {"MAX": max, "MIN": min, "SUM": sum}
WORDS = re.compile(r"\b(AND|OR|NOT)\b")


def compute(formula: str, values: Mapping[str, float | bool]) -> float | bool:
    """The result of a formula over named values."""
    return _result(ast.parse(formula, mode="eval").body, values)


def holds(rule: str, on: set[str]) -> bool:
    """Whether the rule of a composite alarm holds while the alarms `on` are in ALARM."""
    named = re.sub(r"ALARM\(\$\{(\w+)\}\)", r"\1", rule)
    values = {name: name in on for name in re.findall(r"\w+", WORDS.sub(" ", named))}
    return bool(compute(WORDS.sub(lambda word: word[0].lower(), " ".join(named.split())), values))


def parts(rule: str) -> set[str]:
    """The alarms that a rule reads."""
    return set(re.findall(r"\$\{(\w+)\}", rule))


def _result(node: ast.expr, values: Mapping) -> float | bool:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](_result(left, values), _result(right, values))
        case ast.BoolOp(op=op, values=nodes):
            return (all if isinstance(op, ast.And) else any)(_result(one, values) for one in nodes)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _result(operand, values)
        case ast.Call(func=ast.Name(id=name), args=[ast.List(elts=nodes)]):
            return FUNCTIONS[name]([_result(one, values) for one in nodes])
    raise ValueError(f"not part of a formula: {ast.unparse(node)}")
