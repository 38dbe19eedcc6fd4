"""How long to wait before something that failed is tried again."""

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 60.0


def growing_delay_s(failures: int) -> float:
    """Return the seconds to wait after a number of failures in a row: doubling, from half a second up to a minute."""
    return float(min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(failures - 1, 16)))
