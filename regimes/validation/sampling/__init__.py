"""The backward process of any score, by any sampler, with noise that depends on nothing but its place."""

from regimes.validation.sampling.backward import backward, backward_states, noised
from regimes.validation.sampling.backward_run import Watch
from regimes.validation.sampling.clones import clone_pairs
from regimes.validation.sampling.coupling import CoarseNoise, coupled_steps
from regimes.validation.sampling.device import choose_device, choose_dtype
from regimes.validation.sampling.noise import Noise, NoiseStream
from regimes.validation.sampling.samplers import SAMPLERS, Sampler, Score, StepWeights, sampler
from regimes.validation.sampling.times import SPACINGS, backward_times, halved_times, schedule_times
from regimes.validation.sampling.uturns import u_turn

__all__ = [
    "SAMPLERS",
    "SPACINGS",
    "CoarseNoise",
    "Noise",
    "NoiseStream",
    "Sampler",
    "Score",
    "StepWeights",
    "Watch",
    "backward",
    "backward_states",
    "backward_times",
    "choose_device",
    "choose_dtype",
    "clone_pairs",
    "coupled_steps",
    "halved_times",
    "noised",
    "sampler",
    "schedule_times",
    "u_turn",
]
