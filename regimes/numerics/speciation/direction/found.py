"""What the directions of a data set are found to be."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.numerics.speciation.direction.blocks import Block

__all__ = ["Directions"]

_HEAVY = 2.0
_TOLD = 5


@dataclass(frozen=True, eq=False)
class Directions:
    """What the points say about the population's covariance.

    Attributes
    ----------
    stands_out : bool
        Whether some direction stands out of the mean eigenvalue, by the split-sample test one-sided at 5%.
    p_value : float or None
        Of that test; None where it cannot be made.
    Lambda : float or None
        Corrected top eigenvalue, averaged over a block that is not told apart; None where nothing stands out, unless
        there is only one direction.
    interval : tuple of float or None
        95%, of the population's top eigenvalue.
    upper : float or None
        97.5% one-sided upper limit on the population's top eigenvalue; None where the points give none.
    level : float
        Mean eigenvalue, over the features that vary.
    level_interval : tuple of float or None
        95%.
    sample_Lambda : float
        Top eigenvalue of the sample, biased upwards.
    blocks : tuple of Block
        All directions that stand out, in blocks of eigenvalues not told apart; empty where nothing does.
    count : int
        Number of directions that stand out.
    more : bool
        Whether the search stopped at its limit (64, beyond dense matrices 8) with the last one still standing out.
    p_values : tuple of float
        Of the test of each direction in turn, up to the first that fails.
    n, d : int
        Number of points and of features that vary.
    reason : str or None
        Why there is no direction.
    formulas : tuple of str
        Formulas behind the numbers.
    """

    stands_out: bool
    p_value: float | None
    Lambda: float | None
    interval: tuple[float, float] | None
    upper: float | None
    level: float
    level_interval: tuple[float, float] | None
    sample_Lambda: float
    blocks: tuple[Block, ...]
    count: int
    more: bool
    p_values: tuple[float, ...]
    n: int
    d: int
    reason: str | None
    formulas: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was found, in words."""
        if not self.stands_out:
            return self._without_direction()
        some = (
            "1 direction stands"
            if self.count == 1
            else f"{self.count}{' or more' if self.more else ''} directions stand"
        )
        told = [f"{some} out of the mean eigenvalue {self.level:.3g} (split-sample test, p = {self.p_value:.2g})."]
        for block in self.blocks[:_TOLD]:
            low, high = block.interval
            which = f"Direction {block.first + 1}"
            if block.count > 1:
                which = f"Directions {block.first + 1} to {block.first + block.count}, not told apart"
            told.append(
                f"{which}: eigenvalue {block.Lambda:.4g} ({low:.4g}, {high:.4g}), {block.share:.0%} of the variance."
            )
        if len(self.blocks) > _TOLD:
            told.append(f"{self.count - self.blocks[_TOLD].first} further directions are smaller.")
        if self.blocks[0].kurtosis > _HEAVY:
            told.append(
                f"Heavy tails along the top direction (excess kurtosis {self.blocks[0].kurtosis:.1f}): few points "
                "carry the eigenvalue, and intervals of fewer than some hundred points are too short."
            )
        return tuple(told)

    def _without_direction(self) -> tuple[str, ...]:
        told = [self.reason] if self.reason else []
        if self.upper is not None and self.Lambda is None:
            told.append(f"The top eigenvalue of the population is below {self.upper:.4g} (one-sided 97.5% limit).")
        return tuple(told)
