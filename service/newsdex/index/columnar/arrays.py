"""The type of all arrays, and the few operations on them that several rooms share."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def smallest(values: Array) -> Array:
    """Return unsigned numbers in the narrowest dtype that holds them."""
    return values.astype(np.min_scalar_type(int(values.max())) if len(values) else np.uint8)
