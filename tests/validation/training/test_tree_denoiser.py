"""The tree-shaped denoiser: where it starts, what it can see, and the snapshots of its training."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import Hierarchy  # noqa: E402
from regimes.hierarchy import random_hierarchy, sample_hierarchy  # noqa: E402
from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.validation.sampling import NoiseStream, noised  # noqa: E402
from regimes.validation.training import TreeDenoiser, load_denoiser, train_denoiser  # noqa: E402

RULES = random_hierarchy(Hierarchy(4, 2, L=2), rng=3)
POINTS = torch.from_numpy(sample_hierarchy(RULES, 64, rng=4).one_hot()).float()
OPTIONS = {"prediction": "x0", "steps": 24, "batch": 16, "learning_rate": 1e-2, "t_range": (0.02, 2.0), "device": "cpu"}


def test_it_starts_as_the_exact_denoiser_of_independent_leaves():
    """Bayes by hand: the Gaussian likelihood of each symbol, equal weights."""
    t = 0.4
    x = noised(POINTS, t, noise=NoiseStream(0)).double()
    amplitude, variance = np.exp(-t), -np.expm1(-2 * t)
    distance = ((x[:, :, None, :] - amplitude * torch.eye(4, dtype=torch.float64)) ** 2).sum(dim=3)
    expected = torch.softmax(-distance / (2 * variance), dim=2)
    log_snr = torch.full((len(x),), -np.log(np.expm1(2 * t)))
    found = TreeDenoiser(4, 2, 2, width=8)(x.float(), log_snr.float())
    assert torch.allclose(found.double(), expected, atol=2e-6)


def test_every_leaf_speaks_to_every_other_and_no_sample_to_another():
    network = TreeDenoiser(4, 2, 2, width=8, rng=1)
    torch.nn.init.ones_(network.last.weight[0])
    x, log_snr = POINTS[:3].clone().requires_grad_(), torch.zeros(3)
    for leaf in range(4):
        gradient = torch.autograd.grad(network(x, log_snr)[1, leaf, 0], x)[0]
        assert (gradient[1].abs().sum(dim=1) > 0).all()
        assert gradient[[0, 2]].abs().sum() == 0


def test_shapes_and_sizes_are_checked_and_the_file_holds_it(tmp_path):
    with pytest.raises(ValueError, match=r"noised one-hot leaves of shape \(n, 4, 4\), got \(5, 16\)"):
        TreeDenoiser(4, 2, 2)(torch.zeros(5, 16), torch.zeros(5))
    with pytest.raises(ValueError, match="children of a node"):
        TreeDenoiser(4, 1, 2)
    trained = train_denoiser(TreeDenoiser(4, 2, 2, width=8), POINTS, **OPTIONS)
    trained.save(tmp_path / "tree.pt")
    again = load_denoiser(tmp_path / "tree.pt")
    assert torch.equal(again.score()(POINTS, 0.3), trained.score()(POINTS, 0.3))


def test_snapshots_are_those_of_the_training_killed_or_not(tmp_path):
    network = TreeDenoiser(4, 2, 2, width=8)

    def train(checkpoint=None, progress=None):
        snapshots = (6, 20, 24)
        return train_denoiser(network, POINTS, snapshots=snapshots, checkpoint=checkpoint, progress=progress, **OPTIONS)

    class Killed(Exception):
        pass

    def kill(part, done, total):
        if done == 11:
            raise Killed

    whole = train()
    state = Checkpoints(tmp_path / "run", {}).partial("training")
    state.every = 0.0
    with pytest.raises(Killed):
        train(state, kill)
    resumed = train(state)
    last = whole.model.state_dict()
    for step in (6, 20, 24):
        one, other = (each.at(step).model.state_dict() for each in (whole, resumed))
        assert all(torch.equal(one[name], other[name]) for name in one)
        assert all(torch.equal(one[name], last[name]) for name in one) == (step == 24)
    assert whole.at(6).best_step == 6
    # A snapshot takes no part in the training.
    without = train_denoiser(network, POINTS, **OPTIONS)
    assert all(torch.equal(value, last[name]) for name, value in without.model.state_dict().items())
    with pytest.raises(ValueError, match="step must be a snapshot, 6, 20, 24, got 7"):
        whole.at(7)
    with pytest.raises(ValueError, match="snapshots must be steps of the training, 24 at most, got 25"):
        train_denoiser(network, POINTS, snapshots=(25,), **OPTIONS)
