"""The chart of accounts of a ledger, kept as JSON, and what it says about the accounts that rules name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from asiento.runtime.settings import SettingsError
from asiento.runtime.yaml_files import RefusedFile
from sinks.external.capabilities import AccountUse, Capabilities
from sinks.external.port import RemoteAccount
from sinks.mapping.findings import Finding, FindingKind
from sinks.mapping.roles import uses_of
from sinks.mapping.rules import PLAIN_NAME, MappingRules, Rule

CHART_BYTES_MAX: Final = 16 * 1024 * 1024
_CHART_FORM: Final = '[{"code": "200", "name": "Sales", "kind": "REVENUE", "active": true, "currency": null}, ...]'


class JudgesAccounts(Protocol):
    """The part of a connector that knows what the vendor allows."""

    @property
    def capabilities(self) -> Capabilities: ...

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None: ...


def chart_values(accounts: Iterable[RemoteAccount]) -> list[dict[str, Any]]:
    """A chart as plain values, by code; `read_chart` reads them again."""
    return [
        {"code": one.code, "name": one.name, "kind": one.kind, "active": one.active, "currency": one.currency}
        for one in sorted(accounts, key=lambda one: one.code)
    ]


def read_chart(path: Path) -> tuple[RemoteAccount, ...]:
    """The chart of a file. Raises `SettingsError` where there is no such file, `RefusedFile` where it is no chart."""
    try:
        with path.open("rb") as stream:
            content = stream.read(CHART_BYTES_MAX + 1)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    if len(content) > CHART_BYTES_MAX:
        raise RefusedFile(f"{path}: the file is longer than {CHART_BYTES_MAX} bytes (CHART_BYTES_MAX)")
    try:
        values = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise RefusedFile(f"{path}:{error.lineno}:{error.colno}: this is no JSON: {error.msg}") from None
    if not isinstance(values, list):
        raise RefusedFile(f"{path}: a list of accounts is expected: {_CHART_FORM}")
    return tuple(_account(path, place, value) for place, value in enumerate(values))


def _account(path: Path, place: int, value: Any) -> RemoteAccount:
    known = {"code": str, "name": str, "kind": str, "active": bool}
    wrong = not isinstance(value, dict) or any(not isinstance(value.get(name), kind) for name, kind in known.items())
    if wrong or not isinstance(value.get("currency"), str | None):
        raise RefusedFile(f"{path}: account {place + 1} of the list is not like {_CHART_FORM}")
    return RemoteAccount(code=value["code"], name=value["name"], kind=value["kind"], active=value["active"], currency=value.get("currency"))


def chart_findings(
    rules: MappingRules, accounts: Sequence[RemoteAccount], judge: JudgesAccounts | None, *, documents: bool
) -> list[Finding]:
    """What is wrong with the accounts that rules name. documents: the ledger gets documents, not journals only."""
    by_code = {account.code: account for account in accounts}
    named = [rule for rule in rules.rules if rule.target.account != PLAIN_NAME]
    found = [finding for rule in named for finding in _of_rule(rule, by_code, judge, documents=documents)]
    if judge is None:
        about = f"no connector for {rules.ledger} is part of the program"
        found.append(_not_checked(f"{about}: whether the vendor takes accounts of these kinds is not checked"))
    return found


def item_findings(rules: MappingRules, capabilities: Capabilities) -> list[Finding]:
    """Rules without the item that lines of invoices are booked through, where the ledger wants one."""
    if not capabilities.lines_need_items:
        return []
    return [
        _finding(rule, FindingKind.NO_ITEM, f"{capabilities.name} books lines of invoices through items: say `item` for {rule.role}")
        for rule in rules.rules
        if rule.target.item is None and AccountUse.DOCUMENT_LINE in uses_of(rule.role, documents=True)
    ]


def _of_rule(rule: Rule, by_code: Mapping[str, RemoteAccount], judge: JudgesAccounts | None, *, documents: bool) -> Iterator[Finding]:
    code = rule.target.account
    account = by_code.get(code)
    if account is None:
        yield _finding(rule, FindingKind.UNKNOWN_ACCOUNT, f"the ledger has no account {code}{_near(code, by_code)}")
        return
    if not account.active:
        yield _finding(rule, FindingKind.INACTIVE_ACCOUNT, f"account {code} ({account.name}) is not active in the ledger")
    currency = dict(rule.scopes[0].values).get("currency")
    if account.currency is not None and currency is not None and account.currency != currency:
        yield _finding(
            rule, FindingKind.ACCOUNT_CURRENCY, f"account {code} ({account.name}) is kept in {account.currency}, the rule is for {currency}"
        )
    if judge is not None:
        yield from _kinds(rule, account, judge, documents=documents)


def _kinds(rule: Rule, account: RemoteAccount, judge: JudgesAccounts, *, documents: bool) -> Iterator[Finding]:
    paying = judge.capabilities.payment_roles
    for use in uses_of(rule.role, documents=documents):
        if use is AccountUse.PAYMENT and paying is not None and rule.role not in paying:
            continue  # the planner tells them in other ways
        problem = judge.account_problem(account, use)
        if problem is not None:
            by_journal = use is AccountUse.PAYMENT and judge.capabilities.journal_receivable
            yield Finding(
                kind=FindingKind.ACCOUNT_KIND,
                is_fault=not by_journal,
                about=account.code,
                line=rule.line,
                message=f"{rule.role} goes to account {account.code} ({account.name}, {account.kind}), as {_USES[use]}: {problem}"
                + ("; such payments go out as journals" if by_journal else ""),
            )


_USES: Final = {
    AccountUse.JOURNAL_LINE: "a line of journals",
    AccountUse.DOCUMENT_LINE: "a line of invoices and credit notes",
    AccountUse.RECEIVABLE: "the receivable of invoices",
    AccountUse.PAYMENT: "the other side of payments",
}


def _finding(rule: Rule, kind: FindingKind, message: str) -> Finding:
    return Finding(kind=kind, is_fault=True, about=rule.target.account, line=rule.line, message=message)


def _not_checked(message: str) -> Finding:
    return Finding(kind=FindingKind.NOT_CHECKED, is_fault=False, about="accounts", message=message)


def _near(code: str, by_code: Mapping[str, RemoteAccount]) -> str:
    """An account of that name, where somebody wrote the name: ledgers are asked by code."""
    named = [account for account in by_code.values() if account.name.casefold() == code.casefold()]
    return f"; the account called so has the code {named[0].code}" if named else ""
