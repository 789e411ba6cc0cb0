"""The table of losses: written, read back, and refused where it is none."""

import numpy as np
import pytest

from regimes import compile_formula
from regimes.numerics.interface.result import plain
from regimes.prediction.losses.curve import LossCurve


def test_what_was_written_is_read_back(tmp_path):
    t = np.array([0.1, 0.5, 2.0])
    snr, loss, error = (
        compile_formula("snr", target="numpy")(t),
        np.array([0.25, 1.5, 3.75]),
        np.array([0.125, 0.5, 1 / 3]),
    )
    for test in (loss + 1, None):
        curve = LossCurve(t, snr, loss, error, test, None if test is None else error, 4.5, None)
        curve.save_csv(tmp_path / "losses.csv")
        assert plain(LossCurve.load_csv(str(tmp_path / "losses.csv"))) == plain(curve)
    with pytest.raises(ValueError, match="LossCurve.save_csv: cannot write to folder .*nowhere"):
        curve.save_csv(tmp_path / "nowhere" / "losses.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("snr,test_loss\n1,1\n", "must have the columns t, snr, train_loss"),
        ("", "must have the columns .*, got none"),
        ("t,train_loss\n1,x\n", "line 2: train_loss must be a number, got 'x'"),
        ("t,train_loss\n1,2\n2,nan\n", "line 3: train_loss must be finite and not negative, got nan"),
        ("t,train_loss\n1,2\n", "at least 2 noise levels, got 1"),
        ("t,train_loss\n1,2\n1,3\n", "has the noise level t = 1 twice"),
        ("t,train_loss\n0,2\n1,3\n", "line 2: t must be positive, got 0"),
        ("t,snr,train_loss\n,,2\n1,,3\n", "line 2: t or snr must be given"),
        ("t,train_loss\n1,2\n2,\n", "has no train_loss in line 3"),
        ("t,train_loss\n1,\n2,\n", "has an empty column train_loss"),
        ("t,snr,train_loss\n1,0.3,2\n2,,3\n", "snr must be exp.-2t./Delta_t = 0.156518 at t = 1, got 0.3"),
        (
            "t,train_loss\n1,2\n\xb5,3\n",
            "must be text in UTF-8, got .*losses.csv, where byte 17 is none; write it as CSV",
        ),
        ("t,train_loss\n1," + "1" * 140_000, "got .*losses.csv, which cannot be read: field larger than"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path, text, message):
    place = tmp_path / "losses.csv"
    place.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=message):
        LossCurve.load_csv(place)
    with pytest.raises(ValueError, match="there is no file"):
        LossCurve.load_csv(tmp_path / "other.csv")
