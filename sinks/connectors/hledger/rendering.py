"""The language of hledger's journals: https://hledger.org/hledger.html#journal"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from sinks.connectors.plain_files.dialect import Chart, ChartAccount, Facts, Leg
from sinks.plaintext.hledger import TYPES, description_text, tag_value

_FACT = re.compile(r"^    ; ([a-z][a-z0-9_-]+): (.*)$", re.MULTILINE)
_LEG = re.compile(r"^    ([^;\s].*?)  +(-?[0-9]+(?:\.[0-9]+)?) ([A-Z]+)(?:  ;.*)?$", re.MULTILINE)
_NO_NAME = re.compile(r"^[(\[*!]|[;\x00-\x1f\x7f]|  |^ | $|(?:^|:) *(?::|$)|: | :")
_ACCOUNT = re.compile(r"^account[ \t]+([^\s;].*?)[ \t]*(?:(?:  |\t|;).*)?$", re.MULTILINE)
_CURRENCY = re.compile(r"^(?:commodity|  format)[ \t]+[0-9., ]*?[0-9](?:[.,]([0-9]*))?[ \t]+([A-Z]+)[ \t]*(?:;.*)?$", re.MULTILINE)
_PARENTHESES = str.maketrans("()", "  ")


class Hledger:
    """A `Dialect`."""

    name = "hledger"
    suffix = "journal"
    program = "hledger"
    reserved = frozenset({"date", "date2"})

    def check_command(self, program: Sequence[str], main: str) -> Sequence[str]:
        """`hledger -f FILE check --strict`."""
        return (*program, "-f", main, "check", "--strict")

    def account_problem(self, name: str) -> str | None:
        """Nearly any text: single blanks, no semicolon, nothing that makes a posting virtual or a status."""
        if _NO_NAME.search(name) or not name.isprintable():
            return (
                f"{name!r}: an account of hledger has no empty part, no semicolon, no two blanks in a row, no blank around a colon, "
                "and does not begin with ( [ * or !"
            )
        return None

    def main_text(self, includes: Sequence[str]) -> str:
        """Includes."""
        files = "".join(f"include {path}\n" for path in includes)
        return f"; The book that asiento writes. Do not edit it; include it in a file of your own.\n{files}"

    def header(self) -> str:
        """A word to whom opens the file, and the decimal mark."""
        return "; Written by asiento. Corrections belong in a file of your own: a change here stops posting.\ndecimal-mark .\n"

    def chart_text(self, chart: Chart) -> str:
        """Currencies with their decimals, types of the roots, one line per account."""
        currencies = "".join(f"commodity 1000.{'0' * decimals} {name}\n" for name, decimals in sorted(chart.currencies.items()))
        roots = {name.split(":")[0] for name in chart.accounts}.intersection(TYPES)
        return self.header() + currencies + "".join(f"account {name}{_type_of(name)}\n" for name in sorted(roots.union(chart.accounts)))

    def read_chart(self, text: str) -> Chart:
        """`account` and `commodity` directives."""
        accounts = {name: ChartAccount(name=name) for name in _ACCOUNT.findall(text)}
        return Chart(accounts=accounts, currencies={name: len(decimals) for decimals, name in _CURRENCY.findall(text)})

    def first_line(self, date: str, reference: str, memo: str) -> str:
        """Date, status, the reference as its code, description."""
        code = description_text(reference.translate(_PARENTHESES))
        return f"{date} * ({code}) {description_text(memo)}".rstrip() + "\n"

    def facts(self, facts: Facts) -> str:
        """Tags, one a line."""
        return "".join(f"    ; {name}: {tag_value(value)}\n" for name, value in facts)

    def leg(self, leg: Leg, facts: Facts) -> str:
        """The posting with its tags behind it."""
        tags = ", ".join(f"{name}: {tag_value(value)}" for name, value in facts)
        return f"    {leg.account}  {leg.amount} {leg.currency}{f'  ; {tags}' if tags else ''}\n"

    def read_facts(self, text: str) -> Mapping[str, str]:
        """Tags of the transaction, not of its postings."""
        return {name: unquote(value) for name, value in _FACT.findall(text)}

    def read_legs(self, text: str) -> Sequence[Leg]:
        """Postings with an amount."""
        return [Leg(account=account, amount=amount, currency=currency) for account, amount, currency in _LEG.findall(text)]


def _type_of(name: str) -> str:
    kind = TYPES.get(name)
    return f"  ; type: {kind}" if kind else ""
