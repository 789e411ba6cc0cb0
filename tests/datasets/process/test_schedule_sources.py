"""Where a schedule comes from: names, files, dictionaries, objects; and what is refused, in three lines."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from regimes import noise_schedule
from regimes.cli import main

STABLE_DIFFUSION = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
    "clip_sample": False,
}
SIGMAS = [14.6, 8.1, 3.9, 1.7, 0.6, 0.03]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "scheduler_config.json").write_text(json.dumps(STABLE_DIFFUSION))
    return tmp_path


def test_a_configuration_its_folder_and_its_pipeline_are_one_schedule(folder):
    exact = noise_schedule("scaled-linear")
    for source in (".", "scheduler", folder / "scheduler" / "scheduler_config.json", STABLE_DIFFUSION):
        found = noise_schedule(source)
        # the package has its betas in single precision
        assert np.allclose(found.alpha_bar, exact.alpha_bar, rtol=1e-5, atol=0)
        assert found.step(1.0) == 628
        sampler = noise_schedule(source, inference_steps=50, spacing="trailing")
        assert sampler.timesteps[[0, -1]].tolist() == [999, 19]
    assert noise_schedule(STABLE_DIFFUSION, inference_steps=50).timesteps[:4].tolist() == [981, 961, 961, 941]


def test_steps_of_a_flow_are_those_of_the_pipeline_in_whose_folder_it_stands(folder):
    """A static shift alone does not tell: HunyuanVideo passes steps, Stable Diffusion 3 leaves it to the scheduler."""
    flow = {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 7.0}
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(flow))
    spaced = {each: noise_schedule(flow, inference_steps=5, spacing=each) for each in ("linspace", "trailing")}
    assert noise_schedule(".", inference_steps=5).t.tolist() == spaced["linspace"].t.tolist()
    for name, spacing, kept in (
        ("HunyuanVideoPipeline", "trailing", 2),
        ("StableDiffusion3Pipeline", "linspace", 2),
        ("WanPipeline", "linspace", 1),
    ):
        (folder / "model_index.json").write_text(json.dumps({"_class_name": name}))
        pipeline = type(name, (), {"scheduler": type(flow["_class_name"], (), {"config": flow})()})()
        for source in (".", "scheduler", "scheduler/scheduler_config.json", pipeline):
            found = noise_schedule(source, inference_steps=5)
            assert found.t.tolist() == spaced[spacing].t.tolist()
            assert f"; 5 steps, {spacing}" in found.source
            assert noise_schedule(source, inference_steps=5, strength=0.35).steps == kept
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "Flux2Pipeline"}))
    with pytest.raises(ValueError, match="got Flux2Pipeline, which has rules of its own; give"):
        noise_schedule(".", inference_steps=5)
    assert noise_schedule(".", inference_steps=5, spacing="trailing").steps == 5


def test_what_lies_here_goes_before_a_second_name_and_is_named_beside_a_first(folder):
    for name, kind in (("sd", "PNDM"), ("sdxl", "sdxl")):
        (folder / name).mkdir()
        (folder / name / "scheduler_config.json").write_text(json.dumps({"_class_name": "PNDMScheduler"}))
        assert noise_schedule(name).name == kind
    assert noise_schedule("sdxl").source.endswith("; that of the name, not of ./sdxl")


def test_old_files_have_the_defaults_of_their_class():
    old = noise_schedule({"_class_name": "HeunDiscreteScheduler"})
    assert old.alpha_bar[0] == pytest.approx(1 - 0.00085, rel=1e-6)
    assert noise_schedule({"_class_name": "EulerDiscreteScheduler"}, inference_steps=3).timesteps.tolist() == [
        999,
        499.5,
        0,
    ]


def test_image_to_image_begins_with_a_share_of_the_steps():
    whole = noise_schedule("sdxl", inference_steps=30)
    part = noise_schedule("sdxl", inference_steps=30, strength=0.6)
    assert part.timesteps.tolist() == whole.timesteps[12:].tolist()
    heun = {"_class_name": "HeunDiscreteScheduler"}
    twice = noise_schedule(heun, inference_steps=10, strength=0.5)
    assert twice.timesteps.tolist() == noise_schedule(heun, inference_steps=10).timesteps[10:].tolist()
    assert noise_schedule({"sigmas": SIGMAS}, strength=0.5).steps == 3


def test_own_grids_of_k_diffusion():
    grid = noise_schedule("karras,sigma_min=0.03,sigma_max=14.6,rho=5", inference_steps=7)
    u = np.linspace(0, 1, 7)
    wanted = (14.6**0.2 + u * (0.03**0.2 - 14.6**0.2)) ** 5
    assert [grid.at(t).sigma for t in grid.t] == pytest.approx(wanted, rel=1e-12)
    poly = noise_schedule("polyexponential,rho=2,sigma_min=0.03,sigma_max=14.6", inference_steps=7)
    logs = (1 - u) ** 2 * (np.log(14.6) - np.log(0.03)) + np.log(0.03)
    assert [poly.at(t).sigma for t in poly.t] == pytest.approx(np.exp(logs), rel=1e-12)
    times = np.linspace(1, 1e-3, 7)
    levels = np.sqrt(np.expm1(19.9 * times**2 / 2 + 0.1 * times))
    vp = noise_schedule("vp", inference_steps=7)
    assert [vp.at(t).sigma for t in vp.t] == pytest.approx(levels, rel=1e-12)


def test_a_shift_grows_with_the_tokens_of_an_image():
    # FLUX: mu from 0.5 at 256 tokens to 1.15 at 4096, in between linear; shift exp(mu)
    few, some = (noise_schedule("flux", inference_steps=2, tokens=n) for n in (256, 1024))
    for found, mu in ((few, 0.5), (some, 0.5 + 0.65 * 768 / 3840), (noise_schedule("flux", inference_steps=2), 1.15)):
        assert found.timesteps.tolist() == pytest.approx([1000, 1000 * np.exp(mu) / (np.exp(mu) + 1)], rel=1e-12)


def written(folder):
    """One list of sigmas in every dress."""
    np.save("a.npy", np.array(SIGMAS))
    np.savez("b.npz", sigmas=np.array(SIGMAS, dtype=np.float32))
    (folder / "c.txt").write_text("\n".join(map(str, SIGMAS)) + "\n")
    (folder / "d.csv").write_text("timestep,sigma\n" + "".join(f"{900 - 100 * i},{s}\n" for i, s in enumerate(SIGMAS)))
    (folder / "e.json").write_text(json.dumps(SIGMAS))
    (folder / "f.json").write_text(json.dumps({"sigmas": [*SIGMAS, 0.0]}))
    (folder / "g.txt").write_text(", ".join(map(str, SIGMAS[::-1])))
    (folder / "h.txt").write_text("# noise levels\n" + "".join(f"{sigma} # level\n" for sigma in SIGMAS))
    (folder / "i.txt").write_text(str(SIGMAS))
    return ["a.npy", "b.npz", "c.txt", "d.csv", "e.json", "f.json", "g.txt", "h.txt", "i.txt"]


def test_a_list_of_sigmas_is_one_schedule_in_every_dress(folder):
    for name in written(folder):
        found = noise_schedule(name)
        wanted = SIGMAS if name != "g.txt" else SIGMAS[::-1]
        assert [found.at(t).sigma for t in found.t] == pytest.approx(wanted, rel=1e-6)
    assert noise_schedule("d.csv").at(1.0).timestep == 700


def test_a_list_within_the_unit_interval_is_named_or_asked_for(folder):
    values = [0.9, 0.5, 0.1]
    (folder / "own.json").write_text(json.dumps(values))
    with pytest.raises(
        ValueError, match=r"may be of sigma, alpha_bar or flow_time, got own.json; say which .*--values"
    ):
        noise_schedule("own.json")
    (folder / "alphas_cumprod.json").write_text(json.dumps(values))
    np.save(folder / "flow-times.npy", values)
    np.savetxt(folder / "Sigmas.txt", values)
    called = {"alpha_bar": "alphas_cumprod.json", "flow_time": "flow-times.npy", "sigma": "Sigmas.txt"}
    for kind, name in called.items():
        found = noise_schedule(name)
        assert found.t.tolist() == noise_schedule("own.json", values=kind).t.tolist()
        assert found.source == f"3 levels of {kind} of {name}, as it is called"
    assert noise_schedule("Sigmas.txt", values="alpha_bar").source == "3 levels of alpha_bar of Sigmas.txt"
    t = {each: noise_schedule("own.json", values=each).t for each in ("sigma", "alpha_bar", "flow_time")}
    assert t["alpha_bar"] == pytest.approx(-0.5 * np.log(values))
    assert t["sigma"] == pytest.approx(0.5 * np.log1p(np.square(values)))
    assert t["flow_time"] == pytest.approx(0.5 * np.log1p((np.array(values) / (1 - np.array(values))) ** 2))
    assert noise_schedule({"alphas_cumprod": values}).t == pytest.approx(t["alpha_bar"])
    assert noise_schedule({"alpha_bar": [0.9, 0.5, 0.0]}).t[-1] == np.inf


class Tensor:
    """What a tensor has, with its numbers out of reach of numpy."""

    def __init__(self, values):
        self.values = values

    def detach(self):
        return self

    cpu = detach

    def double(self):
        return np.array(self.values)


def test_objects_with_alphas_cumprod_or_sigmas():
    table = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
    for thing in (SimpleNamespace(alphas_cumprod=table), SimpleNamespace(alphas_cumprod=Tensor(table.tolist()))):
        assert noise_schedule(thing).step(1.0) == 442
    found = noise_schedule(SimpleNamespace(sigmas=Tensor([*SIGMAS, 0.0])))
    assert found.steps == 6
    chosen = SimpleNamespace(alphas_cumprod=table, timesteps=Tensor([900, 500, 100]), num_inference_steps=3)
    assert noise_schedule(chosen).alpha_bar == pytest.approx(table[[900, 500, 100]])


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("karass", {}, "got 'karass'; did you mean karras$"),
        ("x" * 300, {}, r"got 'x{57}\.\.\.'"),
        ("", {}, "got ''$"),
        ("cosine,num_train_timesteps=1", {}, "num_train_timesteps must be a whole number of 2 to 1000000, got 1"),
        (".", {}, "a folder must hold scheduler_config.json, or scheduler/scheduler_config.json"),
        ("karras,sigma=3", {}, "of sigma_min, sigma_max, sigma_schedule, rho, got 'sigma=3'$"),
        ("karras,sigma_max=much", {}, "sigma_max must be a positive finite number, got 'much'"),
        ("karras,sigma_max=0.001", {}, "the second the larger"),
        ("edm", {"spacing": "leading"}, "spacing goes with a sampler that takes training steps, got edm"),
        ("sdxl", {"spacing": "middle"}, "spacing must be one of leading, linspace, trailing, got 'middle'"),
        ("sdxl", {"strength": 0.5}, "are of a sampler, got strength alone; give inference_steps"),
        ("sdxl", {"strength": 0.0, "inference_steps": 5}, "above 0 and at most at 1, got 0"),
        ("sdxl", {"strength": 0.01, "inference_steps": 5}, "must leave at least one of the 5 steps"),
        ("scaled-linear", {"inference_steps": 1000}, "must lie in 0 to 999, got 1000, since steps_offset is 1"),
        ("ddpm-linear", {"inference_steps": 1001}, "has at most 1000 steps, got 1001"),
        ("flow", {"tokens": 100}, "tokens goes with use_dynamic_shifting, which flow has not"),
        ("edm", {"values": "sigma"}, "values goes with a list of noise levels, got edm, whose .*; leave it out$"),
        ([14.6, 3.1], {}, "got list; put a list under its name, {'sigmas': "),
        (STABLE_DIFFUSION, {"steps": 10}, "give inference_steps"),
        ({"_class_name": "VQDiffusionScheduler"}, {}, "VQDiffusionScheduler is not read: it replaces or masks symbols"),
        ({"_class_name": "MyScheduler"}, {}, "a scheduler of diffusers that is known here, got 'MyScheduler'"),
        ({"beta_start": 0.1}, {}, "must name its class under _class_name"),
        (
            {**STABLE_DIFFUSION, "beta_start": "0.1x"},
            {},
            "beta_start must be a number above 0 and at most 1, got '0.1x'",
        ),
        ({**STABLE_DIFFUSION, "beta_end": float("nan")}, {}, "beta_end must be a number above 0"),
        ({**STABLE_DIFFUSION, "num_train_timesteps": 10**12}, {}, "num_train_timesteps must be a whole number"),
        ({**STABLE_DIFFUSION, "trained_betas": [[1]]}, {}, "trained_betas must be a list of numbers"),
        ({"sigmas": [1.0, 3.0, 2.0]}, {}, "must rise or fall all along, got 3 and then 2 at place 2"),
        ({"sigmas": [2.0, -1.0]}, {}, "sigma of the list must not be negative, got -1 at place 1"),
        ({"alpha_bar": [0.5, 1.5]}, {}, "alpha_bar of the list must lie in 0 to 1"),
        ({"sigmas": []}, {}, "got none"),
        ({"sigmas": ["a", "b"]}, {}, "must hold a list of numbers"),
        ({"sigmas": [3.0, 1.0], "alpha_bar": [0.1, 0.2]}, {}, "one list of levels, .* got sigmas, alpha_bar"),
        ({"sigmas": [3.0, 1.0]}, {"inference_steps": 3}, "inference_steps goes with a name or a configuration"),
        ("edm", {"inference_steps": 10**9}, "inference_steps .* must be at most 1e.06, got 1000000000"),
        ("flux", {"tokens": 10**9}, "tokens .* must be at most 1e.06, got 1000000000"),
        ("karras,rho=1e-300", {}, "must give a noise level at each step, got none at step"),
        (object(), {}, "an object with alphas_cumprod or sigmas, got object; put"),
        (np.ones((3, 2)), {}, "got ndarray"),
        (7, {}, "got int"),
    ],
)
def test_a_wrong_schedule_is_refused_in_three_lines(source, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message) as caught:
        noise_schedule(source, **options)
    text = str(caught.value)
    assert len(text) <= 3 * 120
    assert " at 0x" not in text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b"{", "cannot be read: Expecting"),
        ("b.json", b'{"sigmas": [1, 2], "sigmas": [1, 2]}', "'sigmas' twice"),
        ("c.json", b"7", "a configuration or a list"),
        ("d.json", b"[" * 100_000, "cannot be read"),
        (
            "e.npy",
            b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000,), }\n",
            "whole",
        ),
        ("f.npz", b"PK\x03\x04", "a whole NumPy file"),
        ("g.txt", b"", "got nothing"),
        ("h.txt", b"3.0\nx\n1.0\n", "a number in each cell, got 'x' in row 1"),
        ("i.csv", b"1,2\n3,4\n", "must have names in the first line"),
        ("j.txt", b"\xff\xfe\x00", "text in UTF-8"),
        ("k.pkl", b"", "must end in .json"),
        ("l.txt", b"nan\ninf\n", "a number in each cell"),
        ("o.csv", b"sigma,sigma\n1,2\n", "a name must stand once"),
        ("p.json", b"[NaN]", "levels of p.json must be finite, got nan at place 0"),
        ("q.json", b'{"beta_start": 0.1, "beta_end": 0.2}', "must name its class under _class_name"),
        ("m.json", b"[]", "m.json must hold one noise level at least, got none"),
        ("n.txt", b"[14.6 ... 0.03]", "a number in each cell"),
    ],
)
def test_files_that_hold_no_schedule(name, content, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    result = CliRunner().invoke(main, ["clock", "--time", "1", "--schedule", name])
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_every_command_takes_a_configuration(folder):
    of_schedule = ["--schedule", ".", "--inference-steps", "20", "--strength", "0.9", "--json"]
    for words in (
        ["speciation", "--Lambda", "7"],
        ["collapse", "--dim", "16", "--samples", "50", "--sigma", "1"],
        ["hierarchy", "--symbols", "8", "--rules", "2", "--depth", "3"],
        ["clock", "--index", "3"],
    ):
        result = CliRunner().invoke(main, [*words, *of_schedule])
        assert result.exit_code == 0, result.output
        if words[0] in ("speciation", "collapse"):
            number = next(iter(n for n in json.loads(result.output)["numbers"].values() if n["step"]))
            assert number["step"]["timestep"] in noise_schedule(STABLE_DIFFUSION, inference_steps=20).timesteps
            shares = [json.loads(result.output)["numbers"][f"steps.{part}"]["value"] for part in ("before", "after")]
            assert sum(shares) == pytest.approx(1)
            shown = " ".join(CliRunner().invoke(main, [*words, *of_schedule[:-1]]).output.split())
            step = number["step"]
            assert f" {step['index']} of 19 {step['timestep']:g} {step['sigma']:.4g} " in shown
            assert "1000 training steps; 20 steps, leading, " in shown
            assert f"Of the 19 steps of PNDM {100 * shares[0]:.3g}% come before" in shown
    result = CliRunner().invoke(main, ["clock", "--time", "1", "--inference-steps", "20"])
    assert (result.exit_code, "name it with --schedule" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("name", "steps", "strength", "kept"), [("sd3", 28, 0.6, 17), ("sd3", 50, 0.35, 18), ("sdxl", 30, 0.6, 18)]
)
def test_image_to_image_begins_where_pipelines_do(name, steps, strength, kept):
    """Pipelines of flows round the first step down, others the number of steps that are left."""
    assert noise_schedule(name, inference_steps=steps, strength=strength).steps == kept


def test_the_calls_of_a_step_are_those_of_the_class(tmp_path):
    """PNDM calls the model more often in its first steps, and begins by the number of calls all the same."""
    pndm = {"_class_name": "PNDMScheduler", "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
    whole = noise_schedule(pndm, inference_steps=10)
    assert noise_schedule(pndm, inference_steps=10, strength=0.5).steps == whole.steps - 5
    heun = {"_class_name": "HeunDiscreteScheduler", "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
    assert (
        noise_schedule(heun, inference_steps=10, strength=0.5).steps
        == noise_schedule(heun, inference_steps=10).steps - 10
    )


@pytest.mark.parametrize("text", ["inf\n3\n1\n", "nan\n14\n3\n", "timestep\n999\n500\n1\n"])
def test_what_is_no_noise_level_is_no_header_either(text, tmp_path):
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(ValueError, match="noise_schedule: "):
        noise_schedule(tmp_path / "own.csv")
