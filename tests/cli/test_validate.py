"""``regimes validate`` as a user meets it; what the experiments find is tested beside them."""

import functools
import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from regimes.cli import main
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.validation import EXPERIMENTS, ExperimentResult

RUN = "regimes.validation.experiments.runner.by_name.run_experiment"
NO_TORCH = """
import sys
sys.modules["torch"] = None
from regimes.cli import main
main({arguments!r})
"""


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["validate", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def without_torch(*arguments):
    code = NO_TORCH.format(arguments=["validate", *arguments])
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)


def test_the_list_names_every_experiment():
    text = run("--list")
    assert all(name in text for name in EXPERIMENTS)
    listed = json.loads(run("--list", "--json"))
    assert [each["name"] for each in listed] == list(EXPERIMENTS)
    assert all(set(each) == {"name", "compares", "reproduces"} for each in listed)


def test_an_experiment_must_be_named():
    assert "validate: name an experiment: mixture-clones" in run(code=2)
    assert "there is no experiment 'clones'; choose one of mixture-clones" in run("clones", code=2)


def test_destinations_are_checked_before_the_work(tmp_path):
    assert "the file must end in .png" in run("mixture-clones", "--plot", str(tmp_path / "a.txt"), code=2)
    assert "does not exist" in run("mixture-clones", "-o", str(tmp_path / "no" / "a.json"), code=2)


def test_without_torch_the_list_works_and_a_simulation_says_what_to_install():
    assert without_torch("--list").returncode == 0
    done = without_torch("mixture-clones", "--quick")
    assert done.returncode == 2
    assert "simulations need torch, which is not installed" in done.stderr
    assert "whl/cpu" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_torch_the_library_says_so_too():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import regimes.validation as v; v.Agreement; v.run_experiment('potential')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert "MissingTorch: regimes validate potential: simulations need torch" in done.stderr


def stopped_by(error):
    def run_experiment(*arguments, **options):
        raise error

    return run_experiment


def test_an_interrupt_says_where_the_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(RUN, stopped_by(KeyboardInterrupt()))
    kept = Checkpoints(tmp_path / "kept", {})
    stopped = functools.partial(run, "potential", "--checkpoint", str(tmp_path / "kept"), code=130)
    assert f"interrupted; nothing is kept yet in {tmp_path / 'kept'}" in stopped()
    kept.piece("a", lambda: {"x": 1})
    Checkpoints(tmp_path / "kept" / "inner", {}).partial("b").save({"x": 1}, force=True)
    assert "kept keeps 1 finished piece and 1 in part, the same command goes on there" in stopped()
    assert "interrupted; nothing is kept: --checkpoint FOLDER would" in run("potential", code=130)


def test_exhausted_memory_is_no_traceback(monkeypatch):
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15)
    for error in (caught.value, torch.cuda.OutOfMemoryError("CUDA out of memory"), MemoryError()):
        monkeypatch.setattr(RUN, stopped_by(error))
        assert "memory" in (text := run("potential", code=2))
        assert "use --quick" in text
    monkeypatch.setattr(RUN, stopped_by(RuntimeError("a fault")))
    assert isinstance(CliRunner().invoke(main, ["validate", "potential"]).exception, RuntimeError)


KEPT_OFTEN = """
from regimes.numerics.interface import checkpoints
checkpoints._EVERY = 0.1  # seconds: states in the middle of a piece of a quick form too
from regimes.cli import main
main()
"""


def numbers(printed):
    """What does not change from run to run, byte by byte."""
    found = json.loads(printed)
    found["settings"] = {name: value for name, value in found["settings"].items() if name not in ExperimentResult.run}
    return json.dumps(found)


@pytest.mark.long
@pytest.mark.parametrize("name", ["potential", "digits-collapse"])
def test_fifteen_kills(tmp_path, outputs_after_kills, name):
    pytest.importorskip("torch")
    command = [sys.executable, "-c", KEPT_OFTEN, "validate", name, "--quick", "--device", "cpu", "--json"]
    own_cache = os.environ | {"REGIMES_CACHE_DIR": str(tmp_path / "cache")}  # trainings are kept there as well
    assert len({numbers(each) for each in outputs_after_kills(command, kills=15, env=own_cache)}) == 1
