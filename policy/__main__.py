"""The policy pack as Pulumi's engine runs it: `pulumi preview --policy-pack policy`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from rules import RULES
from rules.rule import (
    Circumstances,
    Declared,
    ResourceRule,
    Setting,
    StackRule,
    WithoutIgnored,
    circumstances,
    plain_type,
)


def policy(rule: ResourceRule | StackRule) -> Policy:
    level = EnforcementLevel(rule.level.value)
    schema = _schema(rule.settings)
    if isinstance(rule, StackRule):
        return StackValidationPolicy(rule.name, rule.reason, _of_the_stack(rule), level, schema)
    return ResourceValidationPolicy(rule.name, rule.reason, _of_each_resource(rule), level, schema)


def _of_each_resource(rule: ResourceRule) -> Any:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        kind = plain_type(args.resource_type)
        if kind in rule.types:
            inputs = WithoutIgnored(args.props, args.opts.ignore_changes or ())
            for violation in rule.violations(kind, inputs, _now(rule, args)):
                report(violation, None)

    return validate


def _of_the_stack(rule: StackRule) -> Any:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        declared = [Declared(type=plain_type(one.resource_type), inputs=one.props) for one in args.resources]
        for violation in rule.violations(declared, _now(rule, args)):
            report(violation, None)

    return validate


def _now(rule: ResourceRule | StackRule, args: ResourceValidationArgs | StackValidationArgs) -> Circumstances:
    return circumstances(rule, args.get_config(), datetime.now(UTC).date())


def _schema(settings: Sequence[Setting]) -> PolicyConfigSchema | None:
    return PolicyConfigSchema({setting.name: setting.schema for setting in settings}) if settings else None


PolicyPack("shoal", [policy(rule) for rule in RULES])
