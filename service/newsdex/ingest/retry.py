"""How long to wait before a message is delivered again."""

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 60.0


def redelivery_delay_s(deliveries: int) -> float:
    """Give the seconds to wait after a number of deliveries: doubling, from half a second up to a minute."""
    return float(min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(deliveries - 1, 16)))
