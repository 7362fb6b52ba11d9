"""The statistics behind the stop advice: every logged total loss counts, in memory that does not grow. Pure, finite.

The result is the same however the same rows arrive, one at a time or in thousands, to the last bit.
"""

from .describe import LossFigures, describe
from .losses import LossAccumulator
from .trend import mann_kendall_z, theil_sen_slope

__all__ = ["LossAccumulator", "LossFigures", "describe", "mann_kendall_z", "theil_sen_slope"]
