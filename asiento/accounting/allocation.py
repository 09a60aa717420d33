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
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), -weights[i], i))
        for i in by_remainder[:left_over]:
            shares[i] += 1
    return shares
