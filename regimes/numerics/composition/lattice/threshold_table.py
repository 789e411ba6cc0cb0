"""Measured thresholds of the square lattice with all neighbours within a radius, up to radius 10.

Made by ``benchmarks/percolation_thresholds.py table``, which says how; docs/composition.md compares them with the
literature.
"""

from __future__ import annotations

__all__ = ["LITERATURE", "LITERATURE_SOURCES", "MEASURED_BY", "SQUARE_LATTICE"]

SQUARE_LATTICE: dict[int, tuple[float, float]] = {
    4: (0.592780, 0.000055),
    8: (0.407230, 0.000052),
    12: (0.289112, 0.000047),
    20: (0.196701, 0.000040),
    24: (0.164769, 0.000038),
    28: (0.143214, 0.000034),
    36: (0.115346, 0.000031),
    44: (0.095784, 0.000027),
    48: (0.087770, 0.000026),
    56: (0.075795, 0.000025),
    60: (0.071343, 0.000023),
    68: (0.063571, 0.000022),
    80: (0.053975, 0.000020),
    88: (0.049431, 0.000019),
    96: (0.045563, 0.000018),
    100: (0.043731, 0.000017),
    108: (0.040527, 0.000017),
    112: (0.039101, 0.000016),
    120: (0.036635, 0.000016),
    128: (0.034351, 0.000015),
    136: (0.032450, 0.000015),
    144: (0.030690, 0.000014),
    148: (0.029804, 0.000017),
    160: (0.027605, 0.000015),
    168: (0.026336, 0.000016),
    176: (0.025189, 0.000015),
    184: (0.024107, 0.000015),
    192: (0.023126, 0.000014),
    196: (0.022623, 0.000014),
    212: (0.020972, 0.000013),
    220: (0.020198, 0.000013),
    224: (0.019843, 0.000013),
    232: (0.019177, 0.000013),
    240: (0.018549, 0.000013),
    248: (0.017951, 0.000012),
    252: (0.017682, 0.000012),
    260: (0.017128, 0.000012),
    276: (0.016144, 0.000011),
    284: (0.015720, 0.000011),
    292: (0.015293, 0.000011),
    300: (0.014868, 0.000011),
    304: (0.014659, 0.000011),
    316: (0.014129, 0.000011),
}
"""Number of neighbours: threshold and its standard error."""

MEASURED_BY = ("newman2001", "pinson1994")
"""Winding clusters in a random order of the points, and their probability at the threshold."""

LITERATURE: dict[int, tuple[float, float]] = {4: (0.59274605079210, 2e-14), 8: (0.40725394920790, 2e-14)}
"""The same where the literature is more precise. With eight neighbours it is one less the value with four: the kept
points connect from edge to edge where no line of removed nearest neighbours is between."""

LITERATURE_SOURCES = {4: ("jacobsen2015",), 8: ("jacobsen2015", "sykes1964")}
"""Where these are from."""
