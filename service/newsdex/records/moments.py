"""Moments as whole microseconds since 1970, as everything here compares and keeps them."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Return the microseconds from 1970-01-01T00:00Z to an aware datetime."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment_of(stamp_us: int) -> datetime:
    """Return the datetime, in UTC, of microseconds since 1970-01-01T00:00Z."""
    return EPOCH + timedelta(microseconds=stamp_us)
