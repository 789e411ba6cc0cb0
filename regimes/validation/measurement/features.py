"""Activations of a feature network at points and at their U-turns under a denoiser, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checks import positive_times, whole_number
from regimes.prediction.hierarchy.features.cosines import layer_cosines
from regimes.prediction.hierarchy.features.result import FeatureTransitions, judged_layers
from regimes.validation.measurement.model_score import check_score
from regimes.validation.running.progress import Progress, silent
from regimes.validation.sampling import Noise, NoiseStream, backward_times, u_turn
from regimes.validation.sampling.samplers import Sampler, Score
from regimes.validation.scores.network import evaluating

__all__ = ["INPUT", "activations", "measure_features", "turned"]

INPUT = "input"
"""Name of the layer that is the points themselves."""

_BATCH = 512
_FUNCTION = "measure_features"

Rows = NDArray[np.float32]


def measure_features(
    score: Score,
    network: nn.Module,
    points: ArrayLike | Tensor,
    layers: Sequence[str],
    t: ArrayLike,
    *,
    steps: int = 100,
    end: float = 0.01,
    sampler: str | Sampler = "ancestral",
    rng: int = 0,
    batch: int = _BATCH,
    device: str | torch.device | None = None,
    progress: Progress | None = None,
) -> FeatureTransitions:
    """Measure at which noise each layer of a feature network changes under U-turns of a denoiser, and how sharply.

    Points are noised to each t and come back; the activations of each layer at the ends are compared with those at the
    points. What is compared and judged is that of :func:`regimes.hierarchy.feature_transitions`, which takes the same
    activations from files.

    Parameters
    ----------
    score : callable
        ``score(x, t)``, as of :func:`regimes.validation.measure_transitions`.
    network : torch.nn.Module
        Feature network; takes the points as they are, is called in evaluation mode and put back.
    points : array_like or Tensor, shape (n, ...)
        At least 50 data points in the units of score and network, best such that neither was trained on.
    layers : sequence of str
        Names of submodules as ``network.named_modules()`` has them, the shallowest first; ``"input"`` is the points
        themselves. Each is a tensor of shape (n, C) or (n, C, ...) with channels second.
    t : array_like, shape (T,)
        Ornstein-Uhlenbeck times of the turns, at least 4, the smallest so small that points come back as they were.
    steps, end
        Steps of the way back, uniform in the log-SNR down to ``end``, the last of them from there to 0.
    sampler : str or Sampler
        As of :func:`regimes.validation.sampling.backward`.
    rng : int
        Seed.
    batch : int
        Points in a call of the network.
    device : str or torch.device, optional
        Where the points are put; that of the network by default.
    progress : callable, optional
        Called with (part, done, total).

    Returns
    -------
    FeatureTransitions
        Time and width of each layer, the order of layers, and whether the last is sharper than the first.

    Raises
    ------
    ValueError
        If a layer does not exist or gives something else, times or points are too few, or a score is unusable.

    Notes
    -----
    After sclocchi2024. Errors do not hold what the steps do: twice as many tell.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> points = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    >>> found = measure_features(lambda x, t: -x, network, points, ["input", "1", "2"], [0.02, 0.5, 1, 3], steps=20)
    >>> found.problem.layers, found.curves["share"].shape
    (('input', '1', '2'), (3, 4))
    """
    check_score(score)
    times = np.unique(positive_times(_FUNCTION, t))
    if times.size < 4 or not times[0] > end > 0:
        raise ValueError(
            f"{_FUNCTION}: t must hold at least 4 times above end = {end:g}, and end be positive, got {times.tolist()}"
        )
    steps = whole_number(_FUNCTION, "steps", "of the way back", steps, at_least=2)
    parameter = next(network.parameters(), None)
    where = torch.device("cpu" if parameter is None else parameter.device) if device is None else torch.device(device)
    x = torch.as_tensor(points if isinstance(points, Tensor) else np.asarray(points)).to(where, torch.float32)
    noise, report = NoiseStream(rng, Stream.FEATURES), progress or silent
    ends = []
    for number, time in enumerate(times.tolist()):
        ends.append(turned(score, x, time, steps=steps, end=end, sampler=sampler, noise=noise.substream(number)))
        report("U-turns", number + 1, times.size)
    found = [
        layer_cosines(_FUNCTION, name, *_compared(network, name, x, ends, batch)) for name in _checked(network, layers)
    ]
    settings: dict[str, Any] = {"seed": rng, "steps": steps, "end": end, "sampler": str(sampler)}
    source = f"{type(network).__name__} at U-turns of {type(score).__name__}"
    return judged_layers(times, found, source=source, settings=settings)


def turned(
    score: Score, x: Tensor, t: float, *, steps: int, end: float, noise: Noise, sampler: str | Sampler = "ancestral"
) -> Tensor:
    """U-turns of points, in steps uniform in log-SNR down to a small time and one from there to 0."""
    path = np.append(backward_times(t, end=end, steps=steps - 1, spacing="log-snr"), 0.0)
    return u_turn(score, x, t, times=path, noise=noise, sampler=sampler)


@torch.no_grad()
def activations(network: nn.Module, name: str, x: Tensor, *, batch: int = _BATCH) -> Rows:
    """Output of one named layer at points, (n, ...)."""
    if name == INPUT:
        return np.asarray(x.cpu().numpy(), dtype=np.float32)
    seen: list[Any] = []
    hook = network.get_submodule(name).register_forward_hook(lambda module, given, output: seen.append(output))
    rows = []
    try:
        with evaluating(network):
            for part in torch.split(x, batch):
                seen.clear()
                network(part)
                if len(seen) != 1 or not isinstance(seen[0], Tensor) or len(seen[0]) != len(part):
                    raise ValueError(
                        f"{_FUNCTION}: a layer must be called once and give a tensor with a row a point, got "
                        f"{len(seen)} calls of {name}; name another submodule"
                    )
                rows.append(seen[0].float().cpu().numpy())
    finally:
        hook.remove()
    return np.concatenate(rows)


def _compared(
    network: nn.Module, name: str, x: Tensor, ends: Sequence[Tensor], batch: int
) -> tuple[Rows, Iterator[Rows]]:
    return activations(network, name, x, batch=batch), (activations(network, name, each, batch=batch) for each in ends)


def _checked(network: nn.Module, layers: Sequence[str]) -> list[str]:
    known = {name for name, _ in network.named_modules() if name}
    for name in layers:
        if name != INPUT and name not in known:
            few = ", ".join(sorted(known)[:8])
            raise ValueError(f"{_FUNCTION}: layers must be submodules of the network ({few}, ...), got {name!r}")
    if not layers:
        raise ValueError(f"{_FUNCTION}: layers must name at least one submodule, got none")
    return list(layers)
