"""Proposes rules for what has none: the account whose name and kind speak most for a role, and why."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asiento.accounting.journal import JournalEntry
from asiento.runtime.yaml_files import RefusedFile, read_yaml
from sinks.external.port import RemoteAccount
from sinks.external.targets import Unmapped
from sinks.mapping.chart import JudgesAccounts
from sinks.mapping.ledger_mapping import LedgerMapping
from sinks.mapping.roles import uses_of
from sinks.mapping.rules import MappingRules
from sinks.mapping.scopes import EVER, NEVER, ROLES, Pattern, Scope
from sinks.mapping.words import (
    BRANDS,
    CONTROL_WORDS,
    ON_EITHER_SIDE,
    OTHER_WORDS,
    WORDS,
    RoleWords,
    is_called,
    side_of_kind,
    side_of_role,
    words_of,
)

TELLING_WORD: Final = 3
HELPING_WORD: Final = 1
QUALIFIER_WORD: Final = 4
SAME_SIDE: Final = 2
OTHER_SIDE: Final = -4
CONTROL_ACCOUNT: Final = 3
"""An account of the kind receivable speaks so much for the receivable, and as `OTHER_SIDE` against any other role."""
OTHER_WORD: Final = -3
"""A name like "Other income", for a role that is no other one."""
SCORE_MIN: Final = 3
UNHEARD_WORDS: Final = 4
"""So many words of a name that say nothing of the role cost a point."""
KIND_LETTERS_SHOWN: Final = 40
OTHERS_SHOWN: Final = 2
QUALIFIER_LETTERS_MIN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What has no rule: a role, or one qualifier of it; first, end: days (ISO) that the rule has to keep to, None = all."""

    role: str
    qualifier: str | None = None
    first: str | None = None
    end: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account that may be meant; `why` in words, `is_told`: its name says the role or the qualifier."""

    account: RemoteAccount
    score: int
    why: tuple[str, ...]
    is_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The best candidate for what is missing, and the next ones; none where no account speaks for it."""

    missing: Missing
    best: Candidate | None
    others: tuple[Candidate, ...] = ()


def missing_roles(rules: MappingRules | None) -> list[Missing]:
    """Roles without any rule; all where there is no file yet."""
    have = set() if rules is None else {rule.role for rule in rules.rules}
    return [Missing(role=role) for role in WORDS if role not in have]


def missing_in(entries: Iterable[JournalEntry], mapping: LedgerMapping | None) -> list[Missing]:
    """Roles and qualifiers that occur in entries and have no rule on the day of the entry, in the order in which they are met."""
    found: dict[tuple[str, str | None], Missing] = {}
    for entry in entries:
        for posting in entry.postings:
            role, _, qualifier = posting.account.partition(":")
            key = (role, qualifier or None)
            if key not in found and (mapping is None or _is_unmapped(mapping, entry, posting.account)):
                first, end = (None, None) if mapping is None else _days_left(mapping.rules, *key, entry.posting_date)
                found[key] = Missing(role=role, qualifier=key[1], first=first, end=end)
    return list(found.values())


def _is_unmapped(mapping: LedgerMapping, entry: JournalEntry, account: str) -> bool:
    try:
        for posting in entry.postings:
            if posting.account == account:
                mapping.target(entry, posting)
    except Unmapped:
        return True
    return False


def _days_left(rules: MappingRules, role: str, qualifier: str | None, day: str) -> tuple[str | None, str | None]:
    """The days that a rule of this qualifier may have beside those of the file: after the last of them, or before the first."""
    scope = Scope(role, None if qualifier is None else Pattern(qualifier), ())
    taken = [rule.days for rule in rules.rules if scope in rule.scopes]
    earlier = max((days.end for days in taken if days.end <= day and days.end != NEVER), default=None)
    later = min((days.first for days in taken if days.first > day and days.first != EVER), default=None)
    return earlier, later


def suggested(missing: Sequence[Missing], accounts: Sequence[RemoteAccount], judge: JudgesAccounts | None) -> list[Suggestion]:
    """One suggestion for each role, and one for a qualifier where an account is named after it or where only it is missing."""
    roles = {one.role for one in missing if one.qualifier is None}
    return [one for each in missing if (one := _suggested(each, missing, _candidates(each, accounts, judge), roles)) is not None]


def _suggested(one: Missing, missing: Sequence[Missing], candidates: list[Candidate], roles: set[str]) -> Suggestion | None:
    if one.qualifier is None:
        others = [each.qualifier for each in missing if each.role == one.role and each.qualifier is not None]
        candidates.sort(key=lambda each: any(_names(each.account, one.role, qualifier) for qualifier in others))
    elif one.role in roles:
        candidates = [each for each in candidates if _names(each.account, one.role, one.qualifier)]
        if not candidates:
            return None
    return Suggestion(missing=one, best=candidates[0] if candidates else None, others=tuple(candidates[1 : 1 + OTHERS_SHOWN]))


def _candidates(missing: Missing, accounts: Sequence[RemoteAccount], judge: JudgesAccounts | None) -> list[Candidate]:
    judged = [_judged(missing, account) for account in accounts if account.active and not _refused(missing.role, account, judge)]
    fit = [candidate for candidate in judged if candidate.is_told and candidate.score >= SCORE_MIN]
    return sorted(fit, key=lambda one: (-one.score, len(one.account.name), one.account.code))


def _refused(role: str, account: RemoteAccount, judge: JudgesAccounts | None) -> bool:
    """Whether the vendor takes it neither in a ledger that gets documents nor in one that gets journals only."""
    ways = (False, True)
    return judge is not None and all(
        any(judge.account_problem(account, use) for use in uses_of(role, documents=documents)) for documents in ways
    )


def _judged(missing: Missing, account: RemoteAccount) -> Candidate:
    role = missing.role
    known = WORDS.get(role, RoleWords(" ".join(words_of(role)), ""))
    name, kind = words_of(account.name), words_of(account.kind)
    telling, helping, in_kind = _heard(name, known.telling), _heard(name, known.helping), _heard(kind, known.telling)
    named = [] if missing.qualifier is None else _names(account, role, missing.qualifier)
    score = TELLING_WORD * len(telling) + HELPING_WORD * len(helping) + QUALIFIER_WORD * len(named) + HELPING_WORD * bool(in_kind)
    why = [f"{_quoted([*telling, *helping])} in its name"] if telling or helping else []
    why += [f"named after {_quoted(named)}"] if named else []
    score -= (len(name) - len(telling) - len(helping) - len(named)) // UNHEARD_WORDS
    if role != "other_revenue" and OTHER_WORDS & set(name):
        score += OTHER_WORD
    side, wanted = side_of_kind(account.kind), side_of_role(role)
    if side is not None and wanted is not None and (side is wanted or role not in ON_EITHER_SIDE):
        score += SAME_SIDE if side is wanted else OTHER_SIDE
        why.append(f"its kind ({_cut(account.kind)}) is {'' if side is wanted else 'not '}of {wanted.value.lower()}")
    if CONTROL_WORDS & set(kind):
        score += CONTROL_ACCOUNT if role == "accounts_receivable" else OTHER_SIDE
    return Candidate(account=account, score=score, why=tuple(why), is_told=bool(telling or named or (in_kind and helping)))


def _heard(words: Sequence[str], beginnings: str) -> list[str]:
    return [word for word in dict.fromkeys(words) if any(is_called(word, each) for each in beginnings.split())]


def _cut(text: str) -> str:
    return text if len(text) <= KIND_LETTERS_SHOWN else f"{text[:KIND_LETTERS_SHOWN]}..."


def _names(account: RemoteAccount, role: str, qualifier: str) -> list[str]:
    """Words of a qualifier in an account's name; those that speak for the role anyway do not count."""
    wanted = {word for word in words_of(qualifier) if len(word) >= QUALIFIER_LETTERS_MIN}
    anyway = set(_heard(tuple(wanted), " ".join(WORDS.get(role, RoleWords("", "")))))
    return [word for word in words_of(account.name) if word in wanted - (anyway - BRANDS)]


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f'"{word}"' for word in dict.fromkeys(words))


def rule_line(suggestion: Suggestion) -> str:
    """The rule as a line of a mapping file, why as its comment; a comment alone where no account fits."""
    missing, best = suggestion.missing, suggestion.best
    name = missing.role if missing.qualifier is None else f"{missing.role}:{missing.qualifier}"
    if best is None:
        return f"# {name}: no account of the chart speaks for it; make one, or name one by hand"
    conditions = [("role", missing.role), ("qualifier", missing.qualifier), ("from", missing.first), ("until", missing.end)]
    stated = [f"{key}: {_plain(value)}" for key, value in conditions if value is not None]
    manual = [] if missing.role in ROLES else ["manual: true"]
    others = f"; or {', '.join(f'{each.account.code} {each.account.name}' for each in suggestion.others)}" if suggestion.others else ""
    why = f"{best.account.name}: {', '.join(best.why)}{others}"
    return f"- {{{', '.join([*stated, *manual])}, to: {json.dumps(best.account.code, ensure_ascii=False)}}}  # {_one_line(why)}"


def _plain(value: str) -> str:
    is_word = (
        value.replace("_", "").isalpha()
        and value.isascii()
        and value == value.lower()
        and value not in ("null", "true", "false", "yes", "no")
    )
    return value if is_word else json.dumps(value, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def new_file(kind: str, suggestions: Sequence[Suggestion]) -> str:
    """A mapping file of these rules alone; customers are for a person to name."""
    lines = [f"  {rule_line(each)}" for each in suggestions]
    return "\n".join(["format: 1", f"ledger: {kind}", "version: 1", "rules:", *lines, "# contacts:", "#   - {to: NAME}", ""])


def extended_file(path: Path, suggestions: Sequence[Suggestion]) -> str:
    """The text of a mapping file with these rules after its last one. Raises `RefusedFile` where its rules are not one to a line."""
    file = read_yaml(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    first, begin = file.places["rules[0]"], file.places["rules"]
    dash = lines[first.line - 1].find("-")
    if first.line == begin.line or dash < 0 or dash >= first.column:
        raise RefusedFile(
            f"{path}:{begin.line}: rules are written in brackets: write one `- ` line for each, so that others can follow them"
        )
    after = min((place.line for key, place in file.places.items() if _is_top(key) and place.line > begin.line), default=len(lines) + 1)
    last = after - 1
    while last > first.line and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
        last -= 1
    added = [f"{' ' * dash}{rule_line(each)}" for each in suggestions]
    return "\n".join([*lines[:last], *added, *lines[last:], ""])


def _is_top(field: str) -> bool:
    return bool(field) and "." not in field and "[" not in field


def stated(suggestions: Sequence[Suggestion]) -> Iterator[dict[str, object]]:
    """Suggestions as plain values."""
    for each in suggestions:
        best = each.best
        yield {
            "role": each.missing.role,
            "qualifier": each.missing.qualifier,
            "from": each.missing.first,
            "until": each.missing.end,
            "account": None if best is None else best.account.code,
            "name": None if best is None else best.account.name,
            "score": None if best is None else best.score,
            "why": [] if best is None else list(best.why),
            "others": [{"account": one.account.code, "name": one.account.name, "score": one.score} for one in each.others],
        }
