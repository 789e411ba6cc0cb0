"""What a user should know about the data before using times that were predicted from them."""

from __future__ import annotations

from regimes.datasets.points.dataset import Preprocessing

__all__ = ["UNIT_SCALE", "data_notes"]

UNIT_SCALE = (1 / 30, 30.0)
"""Variance per dimension that models are given: pixels in [-1, 1], most of them of one value, to a few units."""

_PIXELS, _LARGEST_PIXEL = 2, 255
_HALF = 0.5


def data_notes(preprocessing: Preprocessing, *, pixels: bool) -> tuple[str, ...]:
    """What should be done about a scale that models are hardly given; a scaling that was chosen is what they see.

    ``pixels`` says that the values may be those of pixels.
    """
    if not pixels and preprocessing.scale in {"none", "standard", "factor"} and preprocessing.faint >= _HALF:
        return (
            f"{preprocessing.faint:.0%} of the features vary by less than a thousandth of the mean variance, as those "
            "in other units do, and hardly count: if the model sees each feature on its own scale, give "
            "--scale feature (scale='feature')",
        )
    note = _scale_note(preprocessing, pixels) if preprocessing.scale == "none" else None
    return () if note is None else (note,)


def _scale_note(preprocessing: Preprocessing, pixels: bool) -> str | None:
    (low, high), variance = preprocessing.input_range, preprocessing.mean_variance
    if pixels and low == 0 and high.is_integer() and _PIXELS <= high <= _LARGEST_PIXEL:
        return (
            f"values from 0 to {high:g}, as of pixels: models see them mapped to [-1, 1]; if yours does, give "
            "--scale range (scale='range'), since every time moves with the scale"
        )
    if pixels and low >= 0 and high <= 1 and high - low > 1 / 2:
        return (
            "values in [0, 1]: image models see [-1, 1], which has four times the Lambda; if yours does, give "
            "--scale range (scale='range')"
        )
    if not UNIT_SCALE[0] <= variance <= UNIT_SCALE[1]:
        return (
            f"variance per dimension {variance:.3g}, far from the 1 that noise schedules assume: if the model sees "
            "standardised values, give --scale standard or feature (scale='standard'), since every time moves with it"
        )
    return None
