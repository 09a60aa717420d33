"""Which hosts are this machine itself."""

import ipaddress


def on_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's loopback.

    Of names only `localhost`: no other is asked for, as it may lead elsewhere by the time it is used. `0.0.0.0` is every address.
    """
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
