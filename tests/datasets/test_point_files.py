"""Points in files of their own, as latents are kept: the same numbers as one array."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from regimes import load_dataset

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(8)
LATENTS = RNG.normal(size=(6, 4, 3, 3)).astype(np.float32)
SAVE = {
    "npy": np.save,
    "npz": lambda path, latent: np.savez(path, latent),
    "pt": lambda path, latent: torch.save({"latent": torch.tensor(latent)}, path),
    "safetensors": lambda path, latent: save_file({"latent": latent}, path),
}


def written(folder, ending, arrays=LATENTS):
    for place, array in enumerate(arrays):
        path = folder / ("cat" if place < 3 else "dog") / f"{place}.{ending}"
        path.parent.mkdir(exist_ok=True)
        SAVE[ending](path, array)
    return folder


@pytest.mark.parametrize("ending", SAVE)
def test_a_folder_or_a_pattern_of_a_file_a_point(ending, tmp_path):
    written(tmp_path, ending)
    (tmp_path / "about.json").write_text("{}")
    for source in (tmp_path, f"{tmp_path}/*/*.{ending}"):
        data = load_dataset(source, center=False)
        np.testing.assert_array_equal(data.X, LATENTS.reshape(6, -1))
        assert (data.classes, data.labels.tolist()) == (("cat", "dog"), [0, 0, 0, 1, 1, 1])
        assert data.taken == "6 files, a point of 4 x 3 x 3 each; classes by folder"
    assert load_dataset(tmp_path).notes == ("left out, since they are no such files: about.json",)
    with pytest.raises(ValueError, match=r"6 arrays of 4 x 3 x 3 values in .*; give fewer points"):
        load_dataset(tmp_path, memory=6 * 36 * 8 - 1)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            [np.zeros((2, 3)), np.ones((4, 3))],
            r"one shape and type, got \(2, 3\) .* and \(4, 3\) .*, or stack them into",
        ),
        ([np.zeros(()), np.ones(())], r"points must have shape \(n, ...\), n along the first axis, got shape \(2,\)"),
        ([np.zeros(3), np.ones(3, np.float32)], r"one shape and type, got \(3,\) float64 and \(3,\) float32"),
    ],
)
def test_files_that_cannot_be_stacked_are_refused(arrays, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load_dataset(written(tmp_path, "npy", arrays))


def test_files_that_may_hold_several_points_or_parts_are_said(tmp_path):
    data = load_dataset(written(tmp_path, "npy", RNG.normal(size=(3, 10, 4))))
    assert data.notes[0].startswith("each file is one point of 10 x 4 values: if it holds several, concatenate them")
    for name in ("x_train", "x_test"):
        np.save(tmp_path / f"{name}.npy", np.eye(3))
    with pytest.raises(ValueError, match=r"one part of a data set must be given, got x_test.npy and x_train.npy"):
        load_dataset(f"{tmp_path}/x_*.npy")
