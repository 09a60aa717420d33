"""What a verifier says of a request."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

RefusalReason: TypeAlias = Literal[
    "signature_missing",
    "signature_malformed",
    "signature_wrong",
    "signature_too_old",
    "signature_from_the_future",
    "key_unknown",
    "certificate_refused",
    "credentials_missing",
    "credentials_wrong",
    "sender_not_allowed",
    "body_differs",
]

REFUSAL_REASONS: Final[tuple[str, ...]] = get_args(RefusalReason)


@dataclass(frozen=True, slots=True)
class Verified:
    """The request is from who it says. `proof` UNSIGNED: nothing in it is signed, it only points at something."""

    proof: Literal["VERIFIED", "UNSIGNED"] = "VERIFIED"


@dataclass(frozen=True, slots=True)
class Refused:
    """The request proves nothing, and why."""

    reason: RefusalReason


Verdict: TypeAlias = Verified | Refused

VERIFIED: Final = Verified()
POINTER: Final = Verified("UNSIGNED")
MISSING: Final = Refused("signature_missing")
MALFORMED: Final = Refused("signature_malformed")
WRONG: Final = Refused("signature_wrong")


def in_time(signed_at_seconds: int, now_seconds: int, age_seconds_max: int) -> Refused | None:
    """The refusal of a signed time that is further from now than allowed, on either side."""
    if signed_at_seconds < now_seconds - age_seconds_max:
        return Refused("signature_too_old")
    if signed_at_seconds > now_seconds + age_seconds_max:
        return Refused("signature_from_the_future")
    return None
