"""Adyen's event codes: which move money of a payment, and what the others are."""

from collections.abc import Mapping
from typing import Final

from asiento.accounting.order_events import TenderKind

AUTHORISED: Final = "AUTHORISATION"
MONEY: Final = frozenset(
    {"CAPTURE", "CAPTURE_FAILED", "REFUND", "REFUND_WITH_DATA", "REFUND_FAILED", "REFUNDED_REVERSED", "CANCEL_OR_REFUND"}
    | {"CHARGEBACK", "SECOND_CHARGEBACK", "CHARGEBACK_REVERSED"}
)
"""Codes from which facts are read, where the item says success."""
REFUND_BACK: Final = frozenset({"REFUND_FAILED", "REFUNDED_REVERSED"})
FINAL_STATUSES: Final = frozenset({"Lost", "Accepted", "Expired"})
"""`disputeStatus` of a dispute that cannot be won any more."""
NOT_CAPTURED: Final = "payment authorized, nothing is captured (automatic_capture in the connection file, if capture is not separate)"
WITHOUT_MONEY: Final[Mapping[str, str]] = {
    "AUTHORISATION_ADJUSTMENT": "an authorization was adjusted, no money moved",
    "AUTHENTICATION": "an authentication, no money moved",
    "CANCELLATION": "an authorization was canceled, no money moved",
    "CANCEL": "an authorization was canceled, no money moved",
    "TECHNICAL_CANCEL": "an authorization was canceled, no money moved",
    "CANCEL_AUTORESCUE": "a retry was canceled, no money moved",
    "AUTORESCUE": "the end of retries, no money moved",
    "EXPIRE": "an authorization expired, no money moved",
    "PENDING": "the payment is pending",
    "OFFER_CLOSED": "the payment was not made",
    "ORDER_OPENED": "an order of several payments: each arrives by itself",
    "ORDER_CLOSED": "an order of several payments: each arrives by itself",
    "HANDLED_EXTERNALLY": "handled outside of Adyen",
    "POSTPONED_REFUND": "a refund that waits for its capture: it arrives when it happens",
    "VOID_PENDING_REFUND": "a refund was canceled before it happened",
    "MANUAL_REVIEW_ACCEPT": "a review, no money moved",
    "MANUAL_REVIEW_REJECT": "a review, no money moved",
    "NOTIFICATION_OF_CHARGEBACK": "an announcement: money moves with CHARGEBACK",
    "NOTIFICATION_OF_FRAUD": "a notice, no money moved",
    "REQUEST_FOR_INFORMATION": "a request, no money moved",
    "INFORMATION_SUPPLIED": "an answer, no money moved",
    "ISSUER_COMMENTS": "comments, no money moved",
    "ISSUER_RESPONSE_TIMEFRAME_EXPIRED": "the issuer did not answer: money that came back stays",
    "DISPUTE_OPENED_WITH_CHARGEBACK": "an announcement: money moves with CHARGEBACK",
    "DISPUTE_DEFENSE_PERIOD_ENDED": "the time for a defense is over, no money moved",
    "PREARBITRATION_OPEN": "an announcement: money moves with SECOND_CHARGEBACK",
    "PREARBITRATION_WON": "money that came back stays",
    "PREARBITRATION_LOST": "an announcement: money moves with SECOND_CHARGEBACK",
    "ARBITRATION_WON": "money that came back stays",
    "ARBITRATION_LOST": "an announcement: money moves with SECOND_CHARGEBACK",
    "RECURRING_CONTRACT": "a payment method was kept, no money moved",
    "DONATION": "a donation to somebody else",
    "PAYOUT_THIRDPARTY": "a payout: kept for settlements",
    "PAYOUT_DECLINE": "a payout that was not made",
    "PAYOUT_EXPIRE": "a payout that was not made",
    "PAIDOUT_REVERSED": "a payout that came back: kept for settlements",
}
"""Other codes that are known -> why nothing comes of them."""
_CARDS: Final = (
    "visa",
    "mc",
    "amex",
    "maestro",
    "discover",
    "diners",
    "jcb",
    "cup",
    "cartebancaire",
    "bcmc",
    "elo",
    "hipercard",
    "dankort",
)
_WALLETS: Final = ("paypal", "alipay", "wechatpay", "applepay", "googlepay", "paywithgoogle", "amazonpay", "mobilepay", "vipps", "swish")


def tender_of(method: object) -> TenderKind:
    """The tender of a payment method; a card in a wallet (`visa_applepay`) is a card."""
    name = method.lower() if isinstance(method, str) else ""
    if any(name == card or name.startswith((f"{card}_", f"{card}credit", f"{card}debit")) for card in _CARDS):
        return "CARD"
    return "WALLET" if name.startswith(_WALLETS) else "OTHER"
