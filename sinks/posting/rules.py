"""How patient the poster is: every number of the posting state machine that is not the vendor's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRules:
    """Seconds unless named otherwise.

    backoff_first, backoff_max: a document that failed n times waits a random time up to first * 2^n, at most max. look_up_after: when a
    document without an answer is first looked for. answer_max: a request is over after so long; what is not found then was not booked.
    repeat_share: of the time for which a repeated key answers the first, as much is relied on. tried_max, tried_failures_min: a document
    that failed so often for so long is parked. breaker_failures: so many calls that failed in a row open the breaker, for breaker_open to
    breaker_open_max. throttled_first: wait where a ledger says "too many" and no time. auth_again: so long after its credentials were
    refused, the ledger is asked again. slack_share: waits are longer than asked for by up to this share, never shorter.
    """

    backoff_first: float = 2.0
    backoff_max: float = 300.0
    look_up_after: float = 5.0
    answer_max: float = 130.0
    repeat_share: float = 0.9
    tried_max: float = 86_400.0
    tried_failures_min: int = 5
    breaker_failures: int = 5
    breaker_open: float = 30.0
    breaker_open_max: float = 300.0
    throttled_first: float = 5.0
    auth_again: float = 300.0
    slack_share: float = 0.05
