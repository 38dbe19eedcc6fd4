"""How hits are ranked: what a request may ask for, and what a reply says of it."""

from typing import Annotated

from pydantic import Field

from newsdex_schemas.model import ContractModel, RequestModel

MAX_RECENCY_WEIGHT = 10.0
MAX_HALF_LIFE_DAYS = 36_500.0


class Recency(RequestModel):
    """How much newer articles are preferred: a score counts 1 + weight · ½ ^ (age / half-life) times."""

    weight: Annotated[float, Field(ge=0, le=MAX_RECENCY_WEIGHT, allow_inf_nan=False)]
    """0 takes no account of dates; with 1, an article of this moment counts twice."""
    half_life_days: Annotated[float, Field(gt=0, le=MAX_HALF_LIFE_DAYS, allow_inf_nan=False)] = 30.0
    """After so many days, half of the preference is left."""


class ScoreReason(ContractModel):
    """A part of a score, in words."""

    text: str
    """What it is for: a word and the fields it stands in, words side by side, or the date."""
    score: float
    """What it adds. The reasons of a hit add up to its score, but for rounding."""
