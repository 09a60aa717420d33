"""Personal data to plant in payloads, and what gives it away wherever it comes out."""

import re
from collections.abc import Mapping
from typing import Any, Final

TEXT: Final = "Canary Jane 4711"
MAIL: Final = "jane.canary@example.com"
"""A text that an id field would take."""
SPELLED: Final = re.compile(r"canary_jane_4711|jane_canary|34600000471|4111_?1111|canary_street|canary_token")
"""Every canary as an account qualifier would spell it."""
PLANTED: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("first_name", "last_name", "firstName", "lastName", "full_name", "recipient_name", "holderName", "buyerName"), TEXT),
    **dict.fromkeys(("email", "buyer_email_address", "shopperEmail", "emailAddress", "contact_email", "login", "username"), MAIL),
    **dict.fromkeys(("phone", "phone_number", "mobilePhone", "telephone"), "+34600000471"),
    **dict.fromkeys(("address1", "address2", "street", "streetName", "line1", "addressLine1", "city", "receiverName"), "Canary Street 12"),
    **dict.fromkeys(("note", "notes", "customer_note", "memo", "comment", "comments", "gift_message", "buyer_note"), TEXT),
    **dict.fromkeys(("card_number", "pan", "cardNumber", "cvv2"), "4111 1111 1111 1111"),
    **dict.fromkeys(("access_token", "client_secret", "api_key", "authorization", "signature", "cookie"), "canary-token"),
    "personal_contact": {"name": TEXT, "email": MAIL, "address": {"line1": "Canary Street 12"}},
    TEXT: TEXT,
}
"""What is added to every object of a payload."""
IN_BYTES: Final = (b"Canary Jane", b"jane.canary", b"34600000471", b"4111 1111", b"4111111111111111", b"Canary Street", b"canary-token")
"""What no output has anywhere."""


def with_planted(value: Any) -> Any:
    """The value with personal data in every object of it; what stands there already stays."""
    if isinstance(value, dict):
        return {**PLANTED, **{name: with_planted(inner) for name, inner in value.items()}}
    return [with_planted(inner) for inner in value] if isinstance(value, list) else value
