"""A read-only registry of our own schemas: the part of Confluent's API that serializers and deserializers ask for.

Subjects are the full record names (RecordName strategy). `<topic>-<record name>` (TopicRecordName) is understood everywhere, and
`<topic>-value` (TopicName) where a schema is sent along, which then says which record is meant. Whatever would change something is
refused as Confluent does in read-only mode.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from schemas.foreign import known_as
from schemas.registry import KnownSchema, registry

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
COMPATIBILITY = "FULL_TRANSITIVE"
VALUE = "-value"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Fault(NamedTuple):
    """An error of Confluent's API."""

    status: int
    code: int
    message: str


class _Answered(Exception):
    """Ends a question with a fault."""

    def __init__(self, fault: _Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def routes() -> list[web.RouteDef]:
    """The routes of the registry."""
    get, post = web.get, web.post
    return [
        get("/", _answer(lambda _: {})),
        get("/subjects", _answer(_subjects)),
        get("/subjects/{subject}/versions", _answer(_versions)),
        get("/subjects/{subject}/versions/{version}", _answer(_version)),
        get("/subjects/{subject}/versions/{version}/schema", _answer(_version_schema)),
        get("/schemas/types", _answer(lambda _: ["AVRO"])),
        get("/schemas/ids/{id}", _answer(lambda request: {"schema": _text(_by_id(request))})),
        get("/schemas/ids/{id}/schema", _answer(lambda request: _by_id(request).avsc)),
        get("/schemas/ids/{id}/subjects", _answer(lambda request: [_by_id(request).locked.subject])),
        get("/schemas/ids/{id}/versions", _answer(_versions_of_id)),
        get("/config", _answer(lambda _: {"compatibilityLevel": COMPATIBILITY})),
        get("/config/{subject}", _answer(lambda _: {"compatibilityLevel": COMPATIBILITY})),
        get("/mode", _answer(lambda _: {"mode": "READONLY"})),
        post("/subjects/{subject}", _answer_sent(_looked_up)),
        post("/subjects/{subject}/versions", _answer_sent(_registered)),
        web.route("*", "/{path:.*}", _answer(_anything_else)),
    ]


def _answer(make: Callable[[web.Request], Any]) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return _json(200, make(request))
        except _Answered as answered:
            return _json(answered.fault.status, {"error_code": answered.fault.code, "message": answered.fault.message})

    return answer


def _answer_sent(make: Callable[[str, str], Any]) -> Handler:
    """Answers about the subject of the path and the schema text of the body."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        return await _answer(lambda asked: make(asked.match_info["subject"], _sent_text(body)))(request)

    return answer


def _json(status: int, value: Any) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type=CONTENT_TYPE)


def _sent_text(body: bytes) -> str:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _Answered(_Fault(400, 400, "The body is not JSON")) from None
    text = value.get("schema") if isinstance(value, dict) else None
    if not isinstance(text, str) or value.get("schemaType", "AVRO") != "AVRO":
        raise _Answered(_Fault(422, 42201, "Invalid schema: the text of an Avro schema is expected"))
    return text


def _subjects(request: web.Request) -> list[str]:
    prefix = request.query.get("subjectPrefix", "")
    return sorted({known.locked.subject for known in registry().by_id.values() if known.locked.subject.startswith(prefix)})


def _may_have(subject: str, known: KnownSchema) -> bool:
    """Whether a subject is that of a record, under any of its strategies but TopicName."""
    return subject == known.locked.subject or subject.endswith(f"-{known.locked.subject}")


def _of_subject(subject: str) -> list[KnownSchema]:
    """The versions of a subject, by version."""
    found = [known for known in registry().by_id.values() if _may_have(subject, known)]
    if not found:
        raise _Answered(_Fault(404, 40401, f"Subject '{subject}' not found."))
    return sorted(found, key=lambda known: known.locked.version)


def _versions(request: web.Request) -> list[int]:
    return [known.locked.version for known in _of_subject(request.match_info["subject"])]


def _one_version(request: web.Request) -> KnownSchema:
    found, version = _of_subject(request.match_info["subject"]), request.match_info["version"]
    if version in ("latest", "-1"):
        return found[-1]
    if not version.isdecimal() or int(version) == 0:
        raise _Answered(_Fault(422, 42202, f"The specified version '{version}' is not a valid version id."))
    for known in found:
        if known.locked.version == int(version):
            return known
    raise _Answered(_Fault(404, 40402, f"Version {version} not found."))


def _version(request: web.Request) -> dict[str, Any]:
    return _described(_one_version(request), request.match_info["subject"])


def _version_schema(request: web.Request) -> dict[str, Any]:
    return _one_version(request).avsc


def _described(known: KnownSchema, subject: str) -> dict[str, Any]:
    return {"subject": subject, "version": known.locked.version, "id": known.locked.id, "schema": _text(known)}


def _text(known: KnownSchema) -> str:
    return orjson.dumps(known.avsc).decode()


def _by_id(request: web.Request) -> KnownSchema:
    text = request.match_info["id"]
    known = registry().by_id.get(int(text)) if text.isdecimal() and len(text) <= len("4294967295") else None
    if known is None:
        raise _Answered(_Fault(404, 40403, f"Schema {text} not found"))
    return known


def _versions_of_id(request: web.Request) -> list[dict[str, Any]]:
    locked = _by_id(request).locked
    return [{"subject": locked.subject, "version": locked.version}]


def _looked_up(subject: str, text: str) -> dict[str, Any]:
    if not subject.endswith(VALUE):
        _of_subject(subject)
    known = known_as(text)
    if known is None or not (subject.endswith(VALUE) or _may_have(subject, known)):
        raise _Answered(_Fault(404, 40403, "Schema not found"))
    return _described(known, subject)


def _registered(subject: str, text: str) -> dict[str, Any]:
    """The id of what is there already; anything new is refused."""
    known = known_as(text)
    if known is None or not (subject.endswith(VALUE) or _may_have(subject, known)):
        raise _Answered(_read_only(subject))
    return {"id": known.locked.id}


def _read_only(subject: str) -> _Fault:
    return _Fault(422, 42205, f"Subject {subject} is in read-only mode: these are the schemas of this build, see `asiento schemas export`")


def _anything_else(request: web.Request) -> Any:
    if request.method in ("GET", "HEAD"):
        raise _Answered(_Fault(404, 404, "HTTP 404 Not Found"))
    raise _Answered(_read_only(request.match_info["path"]))
