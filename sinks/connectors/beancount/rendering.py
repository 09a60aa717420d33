"""The language of beancount: https://beancount.github.io/docs/beancount_language_syntax.html"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from sinks.connectors.plain_files.dialect import Chart, ChartAccount, Facts, Leg
from sinks.plaintext.account_names import ROOT_OF_UNKNOWN_ROLES, ROOTS
from sinks.plaintext.beancount import quoted

ROOT_NAMES = (*ROOTS, ROOT_OF_UNKNOWN_ROLES)
OPENED = "1970-01-01"
"""The day on which accounts are opened: before anything that is booked, so that late entries never move it."""

_FACT = re.compile(r'^  ([a-z][a-z0-9_-]+): "(.*)"$', re.MULTILINE)
_LEG = re.compile(r"^  ([^\s\";:]+:[^\s\";]+)  +(-?[0-9]+(?:\.[0-9]+)?) ([A-Z]+)$", re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)")
_UNESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_OPEN = re.compile(r"^(\d{4}-\d\d-\d\d)[ \t]+open[ \t]+(\S+)(?:[ \t]+([A-Z][^\s\";]*))?", re.MULTILINE)
_CLOSE = re.compile(r"^(\d{4}-\d\d-\d\d)[ \t]+close[ \t]+(\S+)", re.MULTILINE)


class Beancount:
    """A `Dialect`."""

    name = "beancount"
    suffix = "beancount"
    program = "bean-check"
    reserved = frozenset({"filename", "lineno"})

    def check_command(self, program: Sequence[str], main: str) -> Sequence[str]:
        """`bean-check FILE`."""
        return (*program, main)

    def account_problem(self, name: str) -> str | None:
        """Five roots, then parts that begin with a capital or a digit and go on with letters, digits and dashes."""
        return _account_problem(name)

    def main_text(self, includes: Sequence[str]) -> str:
        """Title and includes."""
        files = "".join(f"include {quoted(path)}\n" for path in includes)
        return f';; The book that asiento writes. Do not edit it; include it in a file of your own.\noption "title" "asiento"\n{files}'

    def header(self) -> str:
        """A word to whom opens the file."""
        return ";; Written by asiento. Corrections belong in a file of your own: a change here stops posting.\n"

    def chart_text(self, chart: Chart) -> str:
        """One `open` per account."""
        return self.header() + "".join(f"{OPENED} open {name}\n" for name in sorted(chart.accounts))

    def read_chart(self, text: str) -> Chart:
        """`open` and `close` directives."""
        closed = {name: day for day, name in _CLOSE.findall(text)}
        accounts = {
            name: ChartAccount(name=name, opened=day, closed=closed.get(name), currencies=frozenset(filter(None, currencies.split(","))))
            for day, name, currencies in _OPEN.findall(text)
        }
        return Chart(accounts=accounts)

    def first_line(self, date: str, reference: str, memo: str) -> str:
        """Date, flag, narration."""
        return f"{date} * {quoted(memo or reference)}\n"

    def facts(self, facts: Facts) -> str:
        """Metadata of the transaction."""
        return "".join(f"  {name}: {quoted(value)}\n" for name, value in facts)

    def leg(self, leg: Leg, facts: Facts) -> str:
        """The posting and its metadata below it."""
        below = "".join(f"    {name}: {quoted(value)}\n" for name, value in facts)
        return f"  {leg.account}  {leg.amount} {leg.currency}\n{below}"

    def read_facts(self, text: str) -> Mapping[str, str]:
        """Metadata of the transaction, not of its postings."""
        return {name: _ESCAPE.sub(lambda found: _UNESCAPED.get(found[1], found[1]), value) for name, value in _FACT.findall(text)}

    def read_legs(self, text: str) -> Sequence[Leg]:
        """Postings with an amount."""
        return [Leg(account=account, amount=amount, currency=currency) for account, amount, currency in _LEG.findall(text)]


@lru_cache(maxsize=4096)
def _account_problem(name: str) -> str | None:
    root, *parts = name.split(":")
    if root not in ROOT_NAMES or not parts:
        return f"{name}: an account of beancount begins with one of {', '.join(f'{root}:' for root in ROOT_NAMES)}"
    for part in parts:
        kinds = [unicodedata.category(letter) for letter in part]
        good = kinds and kinds[0] in ("Lu", "Nd")
        if not good or not all(kind[0] == "L" or kind == "Nd" or letter == "-" for kind, letter in zip(kinds, part, strict=True)):
            return f"{name}: {part!r} must begin with a capital or a digit and go on with letters, digits and dashes"
    return None
