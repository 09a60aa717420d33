"""One object of a payload to the facts that it proves: currency, checks, then every fact rule in turn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from schemas.formats import parse_quantity, quantity_text
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Json, Owner, Reading
from sources.platforms.mapped.building import Builder
from sources.platforms.mapped.evaluation import Evaluation
from sources.platforms.mapped.language import KEYS_OF_EVENTS
from sources.platforms.mapped.paths import Scope, find, find_placed, pointer_of, text_of
from sources.platforms.mapped.rules import FactRule, ObjectRule, Value
from sources.platforms.minor_units import exponent_of, to_minor_units
from sources.platforms.outcome import EventTwin, Nothing, Unjudged

CUMULATIVE: Final = "cumulative"
KEY_CHARACTERS_MAX: Final = 200
_TOLD_AS: Final[Mapping[str, str]] = {
    "PaymentCaptured": "captures",
    "PaymentAuthorized": "captures",
    "PaymentVoided": "captures",
    "PaymentFailed": "captures",
    "PaymentReversed": "captures",
    "RefundIssued": "refunds",
    "FeeCharged": "fees",
    "ChargebackOpened": "disputes",
    "ChargebackClosed": "disputes",
}
"""Event -> the word by which a connection switches it on or off; all others are `orders`."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A fact, and per field where its value was found."""

    fact: Fact
    came_from: Mapping[str, str]


@dataclass(slots=True)
class Telling:
    """Reads one object by its rule. traced: keep where each value was found."""

    rule: ObjectRule
    context: Context
    scope: Scope
    traced: bool = False
    notices: list[str] = field(default_factory=list)
    memory: dict[str, Json] = field(default_factory=dict)
    found: list[Traced] = field(default_factory=list)

    def reading(self) -> Reading | Nothing:
        """What the object says; raises `Unjudged`."""
        rule = self.rule
        evaluation = Evaluation(self.context)
        order_id = order_id_of(rule, self.context, self.scope)
        self._refuse_unknown_values()
        for conditions, reason in rule.nothing:
            if evaluation.holds(conditions, self.scope):
                return Nothing(reason)
        for conditions, message in rule.hold:
            if evaluation.holds(conditions, self.scope):
                pointer = pointer_of(conditions[0].path, self.scope)
                raise Unjudged("hold_discrepancy", f"{pointer or 'the payload'}: {message}", pointer)
        if rule.fetch is not None:
            return self._pointer(evaluation, order_id)
        currency = self._currency(evaluation)
        if currency is not None:
            self._check_sums(evaluation, currency)
        self.memory = dict(self.context.snapshot.memory)
        for fact_rule in rule.facts:
            self.found += self._facts(fact_rule, currency)
        if not self.found:
            return Nothing("; ".join(self.notices) or "none of the mapper's facts is in this object")
        return self._told(evaluation, order_id)

    def _told(self, evaluation: Evaluation, order_id: str) -> Reading:
        facts = tuple(traced.fact for traced in self.found)
        orders_of = self.context.connection.orders_of
        version = evaluation.version(self.rule.version, self.scope) if self.rule.version is not None else None
        return Reading(
            facts=facts,
            order_id=order_id,
            owner=Owner(orders_of, order_id) if orders_of is not None else None,
            version=version,
            seen_at=max(fact.occurred_at for fact in facts),
            notices=tuple(dict.fromkeys(self.notices)),
            memory=self.memory if self.memory != dict(self.context.snapshot.memory) else None,
        )

    def _refuse_unknown_values(self) -> None:
        for path, texts in self.rule.known.items():
            for node in find(path, self.scope):
                if text_of(node) not in texts:
                    message = f"{node.pointer}: a value that the mapper does not know (objects.{self.rule.name}.known.{path.text})"
                    raise Unjudged("reject_malformed", message, node.pointer)

    def _pointer(self, evaluation: Evaluation, order_id: str) -> Reading:
        fetch = self.rule.fetch
        assert fetch is not None  # noqa: S101 - the caller has looked
        resource = evaluation.text(fetch.resource, self.scope)
        if resource is None:
            raise evaluation.missing(fetch.resource, self.scope)
        return Reading(order_id=order_id, fetches=(Fetch(fetch.topic, resource, fetch.reason),))

    def _currency(self, evaluation: Evaluation) -> str | None:
        """The object's currency, its decimals in the evaluation; None where the rule states none."""
        value = self.rule.currency
        if value is None:
            return None
        code = evaluation.text(value, self.scope) or self.context.connection.default_currency
        if code is None:
            raise evaluation.missing(value, self.scope)
        pointer = pointer_of(value.paths[0], self.scope) if value.paths else self.scope.node.pointer
        evaluation.exponent = exponent_of(code, pointer)
        if self.rule.decimals is not None:
            self._check_decimals(evaluation, self.rule.decimals)
        return code

    def _check_decimals(self, evaluation: Evaluation, decimals: Value) -> None:
        stated = evaluation.number(decimals, self.scope, money=False)
        if stated is not None and stated != evaluation.exponent:
            pointer = pointer_of(decimals.paths[0], self.scope) if decimals.paths else self.scope.node.pointer
            message = (
                f"{pointer}: the payload writes other decimals than the currency has ({evaluation.exponent}): its amounts could be misread"
            )
            raise Unjudged("reject_malformed", message, pointer)

    def _check_sums(self, evaluation: Evaluation, currency: str) -> None:
        for check in self.rule.checks:
            if not evaluation.holds(check.when, self.scope):
                continue
            stated = evaluation.number(check.equals, self.scope, money=True)
            if stated is None:
                raise evaluation.missing(check.equals, self.scope)
            computed = Decimal(0)
            for value in check.summands:
                number = evaluation.number(value, self.scope, money=True)
                if number is None:
                    raise evaluation.missing(value, self.scope)
                computed += number
            if computed != stated:
                exponent = evaluation.exponent or 0
                pointer = pointer_of(check.equals.paths[0], self.scope) if check.equals.paths else self.scope.node.pointer
                figures = tuple(to_minor_units(each, exponent, pointer) for each in (stated, computed))
                raise held(check.name, figures[0], figures[1], currency, pointer)

    def _facts(self, rule: FactRule, currency: str | None) -> Iterator[Traced]:
        if not self.context.connection.tells(_TOLD_AS.get(rule.event.name, "orders")):
            self.notices.append(f"{rule.event.name} is not told: facts of the connection file leave it out")
            return
        places = [(self.scope, "")]
        if rule.each is not None:
            places = [(self.scope.inside(node, place), place) for node, place in find_placed(rule.each, self.scope)]
        for scope, _ in places:
            evaluation = Evaluation(self.context)
            if currency is not None:
                evaluation.exponent = exponent_of(currency, scope.node.pointer)
            if evaluation.holds(rule.when, scope):
                fact = self._fact(rule, evaluation, replace(scope, words={}), currency)
                if fact is not None:
                    yield fact

    def _fact(self, rule: FactRule, evaluation: Evaluation, scope: Scope, currency: str | None) -> Traced | None:
        came_from: dict[str, str] | None = {} if self.traced else None
        builder = Builder(evaluation, came_from)
        body: EventTwin = {}
        growing = {name for name, _ in rule.cumulative}
        if growing:
            body = builder.fields(tuple(target for target in rule.targets if target.field.name in growing), scope)
            if not self._keep_what_is_new(rule, evaluation, scope, body):
                return None
        body |= builder.fields(tuple(target for target in rule.targets if target.field.name not in growing), scope)
        if currency is not None and rule.event.states_money:
            body |= {"currency": currency, "currency_exponent": evaluation.exponent}
        if "lines" in body and "order_discounts" in body:
            _tie(body, currency or "", scope)
        key, occurred_at = self._key(rule, evaluation, scope, body), self._occurred_at(rule, evaluation, scope)
        self.notices += builder.notices
        fact = Fact(
            type=rule.event.name,
            business_key=key,
            body=body,
            occurred_at=occurred_at,
            test_mode=Evaluation(self.context).holds(self.rule.test, self.scope) if self.rule.test else None,
            repeat=rule.repeat,
            version=evaluation.version(rule.version, scope) if rule.version is not None else None,
        )
        return Traced(fact, came_from or {})

    def _key(self, rule: FactRule, evaluation: Evaluation, scope: Scope, body: EventTwin) -> str:
        if rule.key is None:
            return KEYS_OF_EVENTS.get(rule.event.name, rule.event.name).format_map(body)
        key = evaluation.text(rule.key, scope)
        if key is None:
            raise evaluation.missing(rule.key, scope)
        if not key or len(key) > KEY_CHARACTERS_MAX or "|" in key:
            raise scope.node.malformed("a business key of at most 200 characters without bars")
        return key

    def _occurred_at(self, rule: FactRule, evaluation: Evaluation, scope: Scope) -> datetime:
        for value, at in ((rule.occurred_at, scope), (self.rule.occurred_at, self.scope)):
            moment = evaluation.moment(value, at) if value is not None else None
            if moment is not None:
                return moment
        value = rule.occurred_at or self.rule.occurred_at
        assert value is not None  # noqa: S101 - the file is refused without one
        raise evaluation.missing(value, scope)

    def _keep_what_is_new(self, rule: FactRule, evaluation: Evaluation, scope: Scope, body: EventTwin) -> bool:
        """Put what is new since the last time into the body; whether there is anything."""
        scope.words[CUMULATIVE] = ""
        name = f"{rule.place}|{self._word(rule, evaluation, scope)}"
        seen: dict[str, int] = dict(self.memory.get(name) or {})
        is_new = False
        for target, item_field in rule.cumulative:
            if item_field is None:
                now = int(body[target])
                body[target] = now - seen.get(target, 0)
                is_new |= body[target] > 0
                seen[target] = max(now, seen.get(target, 0))
            else:
                body[target] = _new_items(body[target], target, item_field, seen)
                is_new |= bool(body[target])
        scope.words[CUMULATIVE] = str(sum(seen.values()))
        if is_new:
            self.memory[name] = seen
        return is_new

    def _word(self, rule: FactRule, evaluation: Evaluation, scope: Scope) -> str:
        return (evaluation.text(rule.key, scope) if rule.key is not None else None) or ""


def order_id_of(rule: ObjectRule, context: Context, scope: Scope) -> str:
    """The id of the order that an object is about; raises `Unjudged`."""
    evaluation = Evaluation(context)
    text = evaluation.text(rule.order_id, scope)
    if text is None:
        raise evaluation.missing(rule.order_id, scope)
    pointer = pointer_of(rule.order_id.paths[0], scope) if rule.order_id.paths else scope.node.pointer
    return type(scope.node)(text, pointer).reference()


def held(name: str, stated: int, computed: int, currency: str, pointer: str) -> Unjudged:
    """The complaint that figures do not add up, with all three of them."""
    figures = f"stated {stated}, computed {computed}, difference {stated - computed} (minor units of {currency})"
    return Unjudged("hold_discrepancy", f"{name} do not add up: {figures}", pointer)


def _new_items(items: list[EventTwin], target: str, item_field: str, seen: dict[str, int]) -> list[EventTwin]:
    """The items of which there is more than was seen, each with what is new of it; `seen` is brought up to date."""
    totals: dict[str, int] = {}
    shown: dict[str, EventTwin] = {}
    for item in items:
        identity = f"{target}/{next(iter(item.values()))}"
        number = item[item_field]
        totals[identity] = totals.get(identity, 0) + (number if isinstance(number, int) else parse_quantity(number))
        shown.setdefault(identity, item)
    found = []
    for identity, total in totals.items():
        new = total - seen.get(identity, 0)
        if new > 0:
            stated: Any = new if isinstance(shown[identity][item_field], int) else quantity_text(new)
            found.append(shown[identity] | {item_field: stated})
            seen[identity] = total
    return found


def _tie(body: EventTwin, currency: str, scope: Scope) -> None:
    """Lines less discounts plus added taxes are the total: to the minor unit, whatever the mapper says."""
    computed = -sum(discount["amount"] for discount in body["order_discounts"])
    for line in body["lines"]:
        computed += line["gross"] - line["discount"] + sum(tax["amount"] for tax in line["taxes"] if not tax["included"])
    if computed != body["total"]:
        raise held("lines, discounts and taxes against the total", body["total"], computed, currency, scope.node.pointer)
