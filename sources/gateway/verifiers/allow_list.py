"""Networks that requests may come from: the only proof of platforms that publish their addresses, and a second lock for any other."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

from sources.gateway.verifiers.verdict import VERIFIED, Refused, Verdict

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def verify(sender: Address | None, networks: Sequence[Network]) -> Verdict:
    """Whether the sender is in one of the networks; an IPv4 address in IPv6 clothes is an IPv4 address."""
    return VERIFIED if sender is not None and inside(sender, networks) else Refused("sender_not_allowed")


def inside(address: Address, networks: Sequence[Network]) -> bool:
    """Whether an address is in one of the networks."""
    plain = address.ipv4_mapped if isinstance(address, IPv6Address) and address.ipv4_mapped else address
    return any(plain.version == network.version and plain in network for network in networks)


def sender_of(peer: Address | None, forwarded_for: Sequence[str], proxies: Sequence[Network]) -> Address | None:
    """Who sent a request: the peer, or what its proxies say, the nearest first, as far as they are our own.

    forwarded_for: the addresses of X-Forwarded-For from left to right. None where a proxy of ours says what is no address.
    """
    from ipaddress import ip_address

    sender = peer
    for text in reversed(forwarded_for):
        if sender is None or not inside(sender, proxies):
            return sender
        try:
            sender = ip_address(text.strip())
        except ValueError:
            return None
    return sender
