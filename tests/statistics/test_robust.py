from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.statistics._robust import median, median_and_deviation

FINITE = st.floats(-1e150, 1e150) | st.sampled_from((0.0, 0.1, 0.2, 1.0))


@given(st.lists(FINITE, min_size=1, max_size=140))
def test_the_deviation_is_the_median_of_the_distances(values: list[float]) -> None:
    centre = median(values)
    assert median_and_deviation(values) == (centre, median([abs(value - centre) for value in values]))
