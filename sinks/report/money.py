"""What entries of the stream and of the ledger say about money, per currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from sinks.report.figures import Money

_CAPTURED: Final[Mapping[str, int]] = {"capture": 1, "capture_reversed": -1}
_PAID_BACK: Final[Mapping[str, int]] = {"refund": 1, "refund_reversed": -1}

Side = Literal["stream", "ledger"]


@dataclass(slots=True)
class _Sums:
    entries: int = 0
    debits: int = 0
    captured: int = 0
    paid_back: int = 0


@dataclass(slots=True)
class MoneySums:
    """Adds entries up, one by one."""

    _sums: dict[tuple[str, int, Side], _Sums] = field(default_factory=dict)

    def add(self, side: Side, currency: str, exponent: int, kind: str, reversed_kind: str | None, debits: int) -> None:  # noqa: PLR0917
        """Count one entry of `side`; what a reversal reverses counts the other way."""
        sums = self._sums.setdefault((currency, exponent, side), _Sums())
        sums.entries += 1
        sums.debits += debits
        sign, of = (1, kind) if reversed_kind is None else (-1, reversed_kind)
        sums.captured += sign * _CAPTURED.get(of, 0) * debits
        sums.paid_back += sign * _PAID_BACK.get(of, 0) * debits

    def result(self) -> tuple[Money, ...]:
        """One line for each currency, by its code."""
        return tuple(self._line(*name) for name in sorted({(currency, exponent) for currency, exponent, _ in self._sums}))

    def _line(self, currency: str, exponent: int) -> Money:
        stream = self._sums.get((currency, exponent, "stream"), _Sums())
        ledger = self._sums.get((currency, exponent, "ledger"), _Sums())
        return Money(
            currency=currency,
            exponent=exponent,
            stream_entries=stream.entries,
            ledger_entries=ledger.entries,
            stream_debits=stream.debits,
            ledger_debits=ledger.debits,
            stream_captured=stream.captured,
            ledger_captured=ledger.captured,
            stream_paid_back=stream.paid_back,
            ledger_paid_back=ledger.paid_back,
        )
