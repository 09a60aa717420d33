"""What a document moves in its ledger: signed amounts per account, those that the ledger books by itself included."""

from collections.abc import Mapping

from sinks.external.documents import DocumentKind, LedgerDocument


def effects(document: LedgerDocument) -> Mapping[str, int]:
    """Account -> minor units, debit positive, sum 0; accounts that do not move are left out.

    An invoice debits the account of receivables and credits its lines and their taxes, a credit note the other way round; a payment
    debits its account, a refund credits it; an allocation moves nothing.
    """
    moved: dict[str, int] = {}

    def move(account: str | None, amount: int) -> None:
        if account is None:
            raise ValueError(f"document {document.reference}: a {document.kind} names the accounts that it moves")
        moved[account] = moved.get(account, 0) + amount

    match document.kind:
        case DocumentKind.JOURNAL:
            for line in document.lines:
                move(line.account, line.amount)
        case DocumentKind.INVOICE | DocumentKind.CREDIT_NOTE:
            sign = 1 if document.kind is DocumentKind.INVOICE else -1
            move(document.receivable, sign * document.total)
            for line in document.lines:
                move(line.account, -sign * line.amount)
                if line.tax is not None:
                    move(line.tax.account, -sign * line.tax.amount)
        case DocumentKind.PAYMENT | DocumentKind.REFUND:
            sign = 1 if document.kind is DocumentKind.PAYMENT else -1
            move(document.account, sign * document.total)
            move(document.receivable, -sign * document.total)
        case DocumentKind.ALLOCATION:
            pass
    return {account: amount for account, amount in moved.items() if amount}
