"""Rule 1: an amount spread by weight, exact to the minor unit."""

from collections.abc import Sequence


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Shares of `amount` (>= 0) in proportion to `weights` (>= 0, at least one above 0), in the same order.

    Floor shares first; the units left over go one each to the largest remainders, ties to the larger
    weight, then to the earlier place.
    """
    total = sum(weights)
    shares: list[int] = []
    remainders: list[tuple[int, int, int]] = []
    for place, weight in enumerate(weights):
        share, remainder = divmod(amount * weight, total)
        shares.append(share)
        remainders.append((-remainder, -weight, place))
    left_over = amount - sum(shares)
    for _, _, place in sorted(remainders)[:left_over]:
        shares[place] += 1
    return shares
