"""The customer's account: three balances (and the disputes lost) from the totals of an order."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from asiento.accounting.accounts import ACCOUNTS_RECEIVABLE, CONTRACT_LIABILITY, DISPUTE_LOSSES, REFUNDS_PAYABLE

BALANCE_SIGNS: Final = {ACCOUNTS_RECEIVABLE: 1, CONTRACT_LIABILITY: -1, REFUNDS_PAYABLE: -1, DISPUTE_LOSSES: 1}
"""The accounts of `Balances`, in its order, and the sign of each balance where debit is positive."""


class Balances(NamedTuple):
    """Section 3 of the accounting rules, none negative; receivable and losses are debits, the others credits."""

    accounts_receivable: int = 0
    contract_liability: int = 0
    refunds_payable: int = 0
    dispute_losses: int = 0


@dataclass(slots=True)
class Totals:
    """Totals of one order in minor units; whatever the order of arrival, they end up the same.

    agreed: the order's total after edits. invoiced: of its lines. cancelled: never to be invoiced.
    return_fees: invoiced beside the order. captured: less reversed. refunded: money that left. pending: refunds
    under way. lost: disputes lost. disputed: disputes still open.
    """

    agreed: int = 0
    invoiced: int = 0
    cancelled: int = 0
    return_fees: int = 0
    credited: int = 0
    written_off: int = 0
    captured: int = 0
    refunded: int = 0
    pending: int = 0
    lost: int = 0
    disputed: int = 0

    def copy(self) -> "Totals":
        """The same totals as a value of their own."""
        return Totals(
            self.agreed,
            self.invoiced,
            self.cancelled,
            self.return_fees,
            self.credited,
            self.written_off,
            self.captured,
            self.refunded,
            self.pending,
            self.lost,
            self.disputed,
        )

    @property
    def open(self) -> int:
        """Neither invoiced nor cancelled yet, charges and taxes included; at least 0."""
        return max(0, self.agreed - self.invoiced - self.cancelled)

    @property
    def overpayment(self) -> int:
        """Captured money beyond all that was invoiced or still will be."""
        return max(0, self.captured - self.invoiced - self.return_fees - self.open)

    def unexplained_refunds(self, coming_back: int = 0) -> int:
        """Refunded or pending money, less what is about to come back, that neither credits nor an overpayment explain."""
        return max(0, self.refunded + self.pending - coming_back - self.credited - self.overpayment)

    @property
    def held(self) -> int:
        """Captured money that did not go back and is not on its way back."""
        return self.captured - self.refunded - self.pending

    @property
    def overpaid(self) -> bool:
        """More money is held than the order is worth less what was cancelled."""
        return self.held > self.agreed - self.cancelled

    @property
    def refunded_beyond_captured(self) -> int:
        """By how much refunds and lost disputes exceed the captured money; negative or 0 where they do not."""
        return self.refunded + self.pending + self.lost - self.captured

    def balances(self) -> Balances:
        """The balances that the ledger must show for this order."""
        owed = self.invoiced + self.return_fees - self.credited - self.written_off - self.captured + self.refunded + self.pending
        if owed >= 0:
            return Balances(owed, 0, self.pending, self.lost)
        absorbed = min(self.lost, -owed)
        beyond = -owed - absorbed
        deposit = min(beyond, self.open)
        return Balances(0, deposit, self.pending + beyond - deposit, self.lost - absorbed)
