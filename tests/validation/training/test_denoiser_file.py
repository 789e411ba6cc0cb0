"""The file of a denoiser is bounded by its size on disk, and what is wrong in it is named."""

import zipfile

import pytest

pytest.importorskip("torch")

import torch

from regimes.validation.training import ResidualMLP, load_denoiser

BUILT = {"network": "ResidualMLP", "d": 3, "width": 4, "blocks": 1}
BEHIND = {"network": "Preconditioned", "d": 3, "axes": False, "of": {"network": "Preconditioned"}}


def content(**changed):
    whole = {
        "format": "regimes denoiser 1",
        "weights": ResidualMLP(3, width=4, blocks=1).state_dict(),
        "built_with": BUILT,
        "prediction": "eps",
        "best_step": 1,
        "settings": {},
        "history": {"step": torch.tensor([1]), "train_loss": torch.ones(1, dtype=torch.float64)},
        "rows": {},
    }
    return whole | changed


def test_a_whole_file_is_read(tmp_path):
    torch.save(content(), tmp_path / "x.pt")
    assert load_denoiser(tmp_path / "x.pt").best_step == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights": None}, "weights must be dict, got NoneType"),
        ({"weights": {"first.weight": 1}}, "weights must hold tensors by name, got int at 'first.weight'"),
        (
            {"weights": {"first.weight": torch.zeros(1).expand(10**12)}},
            r"whole tensors, got one of shape \(1000000000000,\)",
        ),
        ({"prediction": "noise"}, "prediction must be one of eps, x0, v, got 'noise'"),
        ({"best_step": "1"}, "best_step must be int, got str"),
        ({"history": {}}, "history must have step and train_loss, got none"),
        (
            {"rows": {"training_rows": torch.zeros(2, dtype=torch.bfloat16)}},
            "whole numbers or doubles, got torch.bfloat16",
        ),
        ({"built_with": BUILT | {"width": 10**9}}, "do not fit the model: it declares 1000000000 of something"),
        ({"built_with": BUILT | {"blocks": 40}}, r"'blocks.1.norm.weight' must be \(4,\), got none"),
        ({"built_with": BUILT | {"width": "4"}}, r"'width' \(str\)"),
        ({"built_with": BUILT | {"rng": 3}}, r"a ResidualMLP is built with d \(int\), width \(int\), "),
        ({"built_with": BEHIND}, "and one network"),
    ],
)
def test_what_is_wrong_is_named(changed, message, tmp_path):
    torch.save(content(**changed), tmp_path / "x.pt")
    with pytest.raises(ValueError, match=message) as refusal:
        load_denoiser(tmp_path / "x.pt")
    assert "\n" not in str(refusal.value)


def test_a_file_that_declares_more_than_it_holds_is_not_read(tmp_path):
    torch.save(content(weights={"first.weight": torch.zeros(2**20)}), tmp_path / "x.pt")
    with (
        zipfile.ZipFile(tmp_path / "x.pt") as stored,
        zipfile.ZipFile(tmp_path / "y.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for member in stored.infolist():
            packed.writestr(member.filename, stored.read(member))
    with pytest.raises(ValueError, match="cannot be read: it declares more than it holds"):
        load_denoiser(tmp_path / "y.pt")
