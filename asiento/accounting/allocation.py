"""Rule 1: an amount spread by weight, exact to the minor unit."""

from collections.abc import Sequence


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Shares of `amount` (>= 0) in proportion to `weights` (>= 0, at least one above 0), in the same order.

    Floor shares first; the units left over go one each to the largest remainders, ties to the larger
    weight, then to the earlier place.
    """
    total = sum(weights)
    shares = [amount * weight // total for weight in weights]
    left_over = amount - sum(shares)
    if left_over:
        by_remainder = sorted([(-(amount * weight % total), -weight, place) for place, weight in enumerate(weights)])
        for _, _, place in by_remainder[:left_over]:
            shares[place] += 1
    return shares
