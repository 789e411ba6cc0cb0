"""What a score has to be before it is measured: a function of the states."""

import pytest

torch = pytest.importorskip("torch")

from regimes.validation import NoiseStream  # noqa: E402
from regimes.validation.measurement.model_score import denoising_loss  # noqa: E402
from regimes.validation.scores import NetworkScore  # noqa: E402

POINTS = NoiseStream(1).normal(0, 0, 50, (16,))


def network(*layers):
    torch.manual_seed(0)
    body = torch.nn.Sequential(*layers)
    return body, NetworkScore(lambda x, t: x + 0.1 * body(x), prediction="eps", clock="time", shape=(1, 4, 4))


@pytest.mark.parametrize(
    "layers",
    [
        (torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.Dropout(0.1), torch.nn.Conv2d(8, 1, 3, padding=1)),
        (torch.nn.Flatten(), torch.nn.BatchNorm1d(16), torch.nn.Unflatten(1, (1, 4, 4))),
    ],
    ids=["dropout", "batch norm"],
)
def test_a_hidden_module_in_training_mode_is_noticed(layers):
    body, score = network(*layers)
    message = (
        "^measure_transitions: the score of the same states must be the same every time and in every batch, got one of "
        r"size .* differs by .*; if there is a dropout or a batch norm in the model, call model.eval\(\) first"
    )
    with pytest.raises(ValueError, match=message):
        denoising_loss(score, POINTS, [0.2, 2.0], NoiseStream(0))
    body.eval()
    assert denoising_loss(score, POINTS, [0.2, 2.0], NoiseStream(0)).shape == (2,)


@pytest.mark.parametrize("prediction", ["eps", "x0", "v"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_rounding_is_no_chance(prediction, dtype):
    class Plain(torch.nn.Sequential):
        def forward(self, x, t):
            return x + super().forward(x)

    torch.manual_seed(0)
    model = Plain(torch.nn.Linear(16, 64), torch.nn.SiLU(), torch.nn.Linear(64, 16)).to(dtype)
    denoising_loss(NetworkScore(model, prediction=prediction, clock="time"), POINTS, [0.01, 1.0], NoiseStream(0))
