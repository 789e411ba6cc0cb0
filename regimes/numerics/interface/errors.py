"""The one failure that is not bad input: an iteration that did not converge."""

from __future__ import annotations

__all__ = ["NotConverged"]


class NotConverged(RuntimeError):
    """An iteration stopped short of its tolerance.

    Attributes
    ----------
    iterations : int
        Iterations spent.
    residual : float
        What is left of the equation being solved, in its own units.
    advice : str
        What to do about it.
    """

    def __init__(self, what: str, iterations: int, residual: float, advice: str) -> None:
        super().__init__(f"{what}: not converged after {iterations} iterations, residual {residual:.3g}; {advice}")
        self.iterations = iterations
        self.residual = residual
        self.advice = advice
