"""The adapter of a mapper: recognizes objects by their rules and reads them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.facts import Part, Reading
from sources.platforms.mapped.delimited import Group, groups_of, parse_delimited
from sources.platforms.mapped.evaluation import Evaluation
from sources.platforms.mapped.paths import Scope, find_placed, is_there
from sources.platforms.mapped.rules import Mapper, ObjectRule
from sources.platforms.mapped.telling import Telling, Traced, order_id_of
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node, parse_payload

UNREADABLE: Final = "unreadable"
"""Resource of an object whose order id cannot be read: reading it says why."""
EMPTY_LIST: Final = "empty list"
_NOBODY: Final = Context(tenant="-", source="-:-", connection=DEFAULT_CONNECTION)


class MappedAdapter(Adapter):
    """An `Adapter` from a mapper."""

    def __init__(self, mapper: Mapper) -> None:
        self.mapper = mapper
        self.name = mapper.name
        self.grade: Grade = mapper.grade
        self.topics: Mapping[str, str] = mapper.topics
        self._rules = {rule.name: rule for rule in mapper.objects}

    def parse(self, body: bytes) -> Node:
        """JSON, or the delimited file that the mapper describes; a file whose control totals differ is a problem."""
        return parse_delimited(body, self.mapper.delimited) if self.mapper.delimited is not None else parse_payload(body)

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """The objects of the first rule that fits the payload."""
        rule = self._rule(payload, topic)
        parts = []
        for group in self._groups(rule, payload):
            scope = Scope(group.node, payload, group.position)
            try:
                resource = order_id_of(rule, _NOBODY, scope)
            except Unjudged:
                resource = UNREADABLE
            about: dict[str, Any] = {"payload": payload.value, "position": group.position, "conflict": group.conflict}
            parts.append(Part(rule.name, resource, group.node, about))
        return parts or [Part(EMPTY_LIST, EMPTY_LIST, payload)]

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one object."""
        if part.kind == EMPTY_LIST:
            return Nothing("a list without objects")
        return self._telling(part, context).reading()

    def trace(self, part: Part, context: Context) -> tuple[Traced, ...]:
        """The facts of one object, each with where its fields came from; raises `Unjudged`."""
        if part.kind == EMPTY_LIST:
            return ()
        telling = self._telling(part, context)
        telling.traced = True
        telling.reading()
        return tuple(telling.found)

    def _telling(self, part: Part, context: Context) -> Telling:
        if part.about["conflict"] is not None:
            pointer = part.about["conflict"]
            raise Unjudged("hold_discrepancy", f"{pointer}: the rows of one order say different things in this column", pointer)
        scope = Scope(part.node, Node(part.about["payload"], ""), part.about["position"])
        return Telling(self._rules[part.kind], context, scope)

    def _rule(self, payload: Node, topic: str) -> ObjectRule:
        scope, evaluation = Scope(payload, payload), Evaluation(_NOBODY)
        for rule in self.mapper.objects:
            fits = evaluation.holds(rule.when, scope) if rule.when else not rule.topics or topic in rule.topics
            if fits:
                return rule
        raise Unjudged("reject_malformed", f"this is none of the objects that the mapper {self.name} knows: {', '.join(self._rules)}", "")

    def _groups(self, rule: ObjectRule, payload: Node) -> Sequence[Group]:
        for path in rule.each:
            if is_there(path, Scope(payload, payload)):
                return [Group(node, place) for node, place in find_placed(path, Scope(payload, payload))]
        if self.mapper.delimited is not None:
            return groups_of(payload, self.mapper.delimited)
        return [Group(payload, "0")]
