"""A trained denoiser on disk, and a training that is killed."""

import dataclasses
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.validation.training import ResidualMLP, SmallUNet, load_denoiser, train_denoiser  # noqa: E402

KILLED = """
import os, signal, sys
import numpy as np, torch
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.validation.training import ResidualMLP, train_denoiser

torch.set_num_threads(1)
partial = Checkpoints(sys.argv[1], {"seed": 0}).partial("training")
partial.every = 0.0

def kill(part, done, total):
    if done == 37:
        os.kill(os.getpid(), signal.SIGKILL)

X = np.random.default_rng(0).normal(size=(60, 3))
train_denoiser(ResidualMLP(3, width=8), X, held_out=0.2, steps=80, batch=16, evaluate_every=10, ema=0.9,
               learning_rate=1e-2, device="cpu", progress=kill, checkpoint=partial)
"""


def points():
    return np.random.default_rng(0).normal(size=(60, 3))


def train(model=None, data=None, **options):
    settings = {"held_out": 0.2, "steps": 80, "batch": 16, "evaluate_every": 10, "ema": 0.9, "learning_rate": 1e-2}
    return train_denoiser(
        model or ResidualMLP(3, width=8), points() if data is None else data, device="cpu", **(settings | options)
    )


def everything(trained):
    losses = (trained.history.step, trained.history.train_loss, trained.history.held_out_loss)
    tensors = [value.numpy() for value in trained.model.state_dict().values()]
    return b"".join(each.tobytes() for each in (*tensors, *losses)), trained.best_step, trained.settings


def test_killed_and_resumed_gives_the_same_bytes(tmp_path):
    folder = tmp_path / "run"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    partial = Checkpoints(folder, {"seed": 0}).partial("training")
    steps = []
    resumed = train(checkpoint=partial, progress=lambda part, done, total: steps.append(done))
    assert steps[0] in (37, 38)
    assert everything(resumed) == everything(train())
    # A training that has ended is found whole.
    steps.clear()
    again = train(
        checkpoint=Checkpoints(folder, {"seed": 0}).partial("training"), progress=lambda *report: steps.append(report)
    )
    assert everything(again) == everything(resumed)
    assert not steps


@pytest.mark.parametrize("change", [{"rng": 1}, {"model": ResidualMLP(3, width=8, rng=1)}, {"data": points() + 1}])
def test_a_checkpoint_of_another_training_is_refused(tmp_path, change):
    partial = Checkpoints(tmp_path / "run", {}).partial("training")
    train(checkpoint=partial, steps=10)
    with pytest.raises(ValueError, match="the checkpoint holds another training"):
        train(checkpoint=partial, **({"steps": 10} | change))


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (ResidualMLP(16, width=8, blocks=1), {}),
        (SmallUNet((1, 4, 4), channels=4, levels=1), {}),
        (ResidualMLP(16, width=8), {"precondition": False, "held_out": None}),
        (ResidualMLP(16, width=8), {"prediction": "v"}),
    ],
)
def test_saved_and_loaded_it_is_the_same(tmp_path, model, options):
    X = np.random.default_rng(0).normal(size=(30, 16))
    trained = train(model, X, steps=20, **options)
    trained.save(tmp_path / "denoiser.pt")
    loaded = load_denoiser(tmp_path / "denoiser.pt")
    x = torch.tensor(X[:4], dtype=torch.float32)
    assert torch.equal(loaded.score()(x, 0.5), trained.score()(x, 0.5))
    torch.testing.assert_close(trained.score(batch=3)(x, 0.5), trained.score()(x, 0.5))
    assert loaded.to_dict() == trained.to_dict()
    for name in ("training_rows", "held_out_rows"):
        first, second = getattr(loaded, name), getattr(trained, name)
        assert (first is None) == (second is None)
        assert first is None or first.tolist() == second.tolist()
    assert [entry.name for entry in tmp_path.iterdir()] == ["denoiser.pt"]


def test_the_record_is_plain_and_complete():
    record = json.loads(json.dumps(train(steps=20).to_dict()))
    assert record["model"]["built_with"]["of"] == {"network": "ResidualMLP", "d": 3, "width": 8, "blocks": 3}
    assert record["settings"]["points"] == 48
    assert record["settings"]["held_out"] == 12
    assert record["history"]["step"] == [10, 20]
    assert record["best_step"] in (10, 20)
    assert record["held_out_loss"] == min(record["history"]["held_out_loss"])


class Own(torch.nn.Module):
    """A network that this package does not know."""

    def __init__(self, width=5):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(3, width), torch.nn.Tanh(), torch.nn.Linear(width, 3))

    def forward(self, x, log_snr):
        return self.layers(x)


@pytest.mark.parametrize("precondition", [True, False])
def test_a_network_of_ones_own_takes_its_weights_back(tmp_path, precondition):
    trained = train(Own(), steps=10, precondition=precondition)
    place = tmp_path / "own.pt"
    trained.save(place)
    with pytest.raises(ValueError, match="a network that this package does not build; give model"):
        load_denoiser(place)
    loaded = load_denoiser(place, model=Own())
    x = torch.ones(2, 3)
    assert torch.equal(loaded.score()(x, 0.5), trained.score()(x, 0.5))
    with pytest.raises(ValueError, match="do not fit the model"):
        load_denoiser(place, model=Own(6))


@dataclasses.dataclass
class Size:
    width: int = 5


@pytest.mark.parametrize("settings", [Size(), {"size": Size()}, {"width": np.float64(5)}, "wide", {"width": (5, None)}])
@pytest.mark.parametrize("precondition", [True, False])
def test_settings_that_no_file_can_hold_are_left_out(tmp_path, settings, precondition):
    model, place = Own(), tmp_path / "own.pt"
    model.settings = settings
    trained = train(model, steps=10, precondition=precondition)
    trained.save(place)
    json.dumps(trained.to_dict())
    loaded = load_denoiser(place, model=Own())
    x = torch.ones(2, 3)
    assert torch.equal(loaded.score()(x, 0.5), trained.score()(x, 0.5))
    with pytest.raises(ValueError, match="a network that this package does not build; give model"):
        load_denoiser(place)


def test_options_of_numpy_are_saved_as_plain_ones(tmp_path):
    trained = train(steps=10, prediction=np.str_("eps"), precondition=np.True_, times=np.str_("time"))
    trained.save(tmp_path / "x.pt")
    assert load_denoiser(tmp_path / "x.pt").settings == trained.settings


def test_a_checkpoint_with_other_frozen_weights_is_refused(tmp_path):
    partial, model = Checkpoints(tmp_path / "run", {}).partial("training"), Own()
    train(model, steps=5, checkpoint=partial)
    model.layers[0].requires_grad_(False)
    with pytest.raises(ValueError, match="the checkpoint holds another training"):
        train(model, steps=5, checkpoint=partial)


def test_files_that_are_none_are_refused(tmp_path):
    place = tmp_path / "x.pt"
    with pytest.raises(ValueError, match="there is no file"):
        load_denoiser(place)
    place.write_bytes(b"not a file of torch")
    with pytest.raises(ValueError, match="must be a file that TrainedDenoiser.save wrote, and cannot be read"):
        load_denoiser(place)
    torch.save({"weights": 1}, place)
    with pytest.raises(ValueError, match="must be a file that TrainedDenoiser.save wrote"):
        load_denoiser(place)

    class Harmful:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "done"),)

    torch.save({"format": Harmful()}, place)
    with pytest.raises(ValueError, match="cannot be read"):
        load_denoiser(place)
    assert not (tmp_path / "done").exists()
    with pytest.raises(ValueError, match="it does not exist"):
        train(steps=1).save(tmp_path / "nowhere" / "x.pt")
