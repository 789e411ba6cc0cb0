"""Choice of device and precision."""

import pytest

torch = pytest.importorskip("torch")

from regimes.validation.sampling import choose_device, choose_dtype  # noqa: E402


def test_the_best_device_there_is():
    best = "cuda" if torch.cuda.is_available() else "cpu"
    assert choose_device().type == choose_device("auto").type == best
    assert choose_device(torch.device("cpu")) == choose_device("cpu") == torch.device("cpu")


def test_precision():
    assert choose_dtype() is choose_dtype(None) is choose_dtype("float32") is torch.float32
    assert choose_dtype(torch.float64) is choose_dtype("float64") is torch.float64


@pytest.mark.parametrize("device", ["gpu", "", 1.5])
def test_no_device(device):
    with pytest.raises(ValueError, match=f"^choose_device: device must be 'auto', .* torch knows, got {device!r}$"):
        choose_device(device)


@pytest.mark.parametrize("device", ["cuda:77", "meta"])
def test_a_device_that_is_not_there(device):
    with pytest.raises(
        ValueError, match=f"^choose_device: device '{device}' must be one on which torch can .*; use 'auto' or 'cpu'$"
    ):
        choose_device(device)


@pytest.mark.parametrize("dtype", ["half", torch.float16, torch.int64, 32, ["float32"]])
def test_no_precision(dtype):
    with pytest.raises(ValueError, match=r"^choose_dtype: dtype must be 'float32' or 'float64', got "):
        choose_dtype(dtype)
