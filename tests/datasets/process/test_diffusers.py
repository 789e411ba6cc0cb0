"""Every scheduler of the pinned diffusers, from the configuration that it saves, against its own arrays."""

import inspect
import re
import sys
import types
import warnings
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from regimes import noise_schedule
from regimes.numerics.process.pipelines import counts_what_is_left, spacing_of_pipeline
from regimes.numerics.process.scheduler_classes import CLASSES, NOT_READ
from regimes.numerics.process.scheduler_config import SchedulerConfig

pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    diffusers = pytest.importorskip("diffusers")
    import_module("diffusers.schedulers")
    diffusers.logging.set_verbosity_error()

pytestmark = pytest.mark.filterwarnings("ignore")

COUNTS = (4, 20, 50)
ROUNDING = 2.0**-21  # a few times that of single precision below 1: products and powers of arrays
LATENT = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
APART = {  # not among the names that the package exports here: two need torchsde, for the noise alone
    "CosineDPMSolverMultistepScheduler": "scheduling_cosine_dpmsolver_multistep",
    "DPMSolverSDEScheduler": "scheduling_dpmsolver_sde",
    "ScoreSdeVpScheduler": "deprecated.scheduling_sde_vp",
}
SLOW = ("KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler")  # half a second to make one
# What a class can be asked for beside a spacing; each is held with one spacing and one number of steps.
ASKED = (
    {"use_karras_sigmas": True},
    {"use_exponential_sigmas": True},
    {"use_beta_sigmas": True},
    {"use_flow_sigmas": True},
    {"use_flow_sigmas": True, "flow_shift": 3.0},
    {"use_karras_sigmas": True, "sigma_min": 0.05, "sigma_max": 10.0},
    {"rescale_betas_zero_snr": True},
    {"trained_betas": np.linspace(0.001, 0.03, 400).tolist(), "num_train_timesteps": 400},
    {"beta_schedule": "squaredcos_cap_v2"},
    {"beta_schedule": "laplace"},
    {"beta_schedule": "sigmoid"},
    {"beta_schedule": "exp"},
    {"final_sigmas_type": "sigma_min"},
    {"set_alpha_to_one": False},
    {"interpolation_type": "log_linear"},
    {"timestep_type": "continuous", "prediction_type": "v_prediction"},
    {"lambda_min_clipped": -2.0},
    {"skip_prk_steps": True},
    {"sigma_schedule": "exponential"},
    {"shift": 3.0},
    {"shift": 3.0, "shift_terminal": 0.1},
    {"shift": 3.0, "invert_sigmas": True},
    {"shift": 3.0, "use_karras_sigmas": True},
    {"snr_shift_scale": 2.0, "rescale_betas_zero_snr": True},
)


def scheduler_class(name, monkeypatch):
    if name in APART:
        monkeypatch.setitem(sys.modules, "torchsde", types.ModuleType("torchsde"))
        return getattr(import_module(f"diffusers.schedulers.{APART[name]}"), name)
    return getattr(diffusers.schedulers, name)


def parameters(name, monkeypatch):
    return inspect.signature(scheduler_class(name, monkeypatch).__init__).parameters


def read(scheduler, folder, count, **options):
    """The schedule of what the scheduler saves."""
    scheduler.save_pretrained(folder)
    return noise_schedule(folder, inference_steps=count, **options)


def own_steps(scheduler, count, **given):
    scheduler.set_timesteps(count, **given)
    if type(scheduler).__name__ == "ScoreSdeVeScheduler":
        scheduler.set_sigmas(count)
    return scheduler.timesteps.double().numpy()


def own_alpha_bar(scheduler, timesteps):
    """Signal power of each call, and the rounding of it, from the arrays of the scheduler."""
    name, config = type(scheduler).__name__, scheduler.config
    if name.startswith("KDPM2") or name == "DPMSolverSDEScheduler":
        sigma = np.zeros(timesteps.size)
        levels = scheduler.sigmas.double().numpy()
        sigma[::2] = levels[np.append(0, np.arange(1, timesteps.size, 2))]
        after = sigma[2::2]
        sigma[1::2] = after if "Ancestral" in name else np.sqrt(after * sigma[:-2:2])
        return 1 / (1 + sigma**2)
    if getattr(scheduler, "sigmas", None) is not None:
        sigma = scheduler.sigmas.double().numpy()[: timesteps.size]
        if CLASSES[name].steps.__module__.endswith("flow_samplers") or config.get("use_flow_sigmas"):
            flow = 1 - sigma if config.get("invert_sigmas") else sigma
            return (1 - flow) ** 2 / ((1 - flow) ** 2 + flow**2)
        return 1 / (1 + sigma**2)
    if name == "IPNDMScheduler":
        return scheduler.alphas.double().numpy()[: timesteps.size] ** 2
    return scheduler.alphas_cumprod.double().numpy()[timesteps.astype(int)]


def check(scheduler, schedule, count, **given):
    timesteps = own_steps(scheduler, count, **given)
    whole = not scheduler.timesteps.is_floating_point()
    assert schedule.timesteps.shape == timesteps.shape
    if whole:
        assert schedule.timesteps.tolist() == timesteps.tolist()
    else:
        assert schedule.timesteps == pytest.approx(timesteps, rel=1e-6, abs=3e-4)
    alpha_bar = own_alpha_bar(scheduler, timesteps)
    assert schedule.alpha_bar == pytest.approx(alpha_bar, abs=ROUNDING)
    noisy = alpha_bar > ROUNDING  # at the rounding of alpha_bar, sigma is any number
    sigma, own = (np.sqrt(1 / each[noisy] - 1) for each in (schedule.alpha_bar, alpha_bar))
    rounding = ROUNDING * (1 + 1 / (2 * alpha_bar[noisy] * (1 - alpha_bar[noisy])))
    assert np.all(np.abs(sigma / own - 1) <= np.maximum(rounding, 2e-5))


def spacings(name, monkeypatch):
    return ("leading", "linspace", "trailing") if "timestep_spacing" in parameters(name, monkeypatch) else (None,)


def test_every_class_is_read_or_refused_by_name():
    listed = {name for name in dir(diffusers.schedulers) if name.endswith("Scheduler")}
    assert listed == (set(CLASSES) | set(NOT_READ)) - {"k-diffusion"}
    for name in NOT_READ:
        with pytest.raises(ValueError, match=f"^schedule: {name} is not read: .*; give the sigmas or alpha_bar"):
            noise_schedule({"_class_name": name})


@pytest.mark.parametrize("name", sorted(set(CLASSES) - {"k-diffusion", "ConsistencyDecoderScheduler"}))
def test_timesteps_and_noise_levels_at_each_spacing_and_number_of_steps(name, tmp_path, monkeypatch):
    kind = scheduler_class(name, monkeypatch)
    for spacing in spacings(name, monkeypatch):
        if (name, spacing) == ("DDIMInverseScheduler", "linspace"):
            continue  # neither has it
        given = {} if spacing is None else {"timestep_spacing": spacing, "steps_offset": int(spacing == "leading")}
        if "beta_end" in parameters(name, monkeypatch):
            given |= LATENT
        scheduler = kind(**given)
        counts = COUNTS if name != "CMStochasticIterativeScheduler" else (4, 20, 40)
        for count in counts:
            schedule = read(scheduler, tmp_path, count)
            if name == "ScoreSdeVpScheduler":  # it keeps no levels; song2021b, VP SDE
                u = own_steps(scheduler, count)
                assert schedule.timesteps == pytest.approx(u, rel=1e-6)
                assert schedule.t == pytest.approx(19.9 * u**2 / 4 + 0.05 * u, rel=1e-5)
                continue
            check(scheduler, schedule, count)


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: ",".join(f"{k}" for k in asked))
def test_what_a_class_can_be_asked_for(asked, tmp_path, monkeypatch):
    held = 0
    slow = () if asked == {"use_karras_sigmas": True} else SLOW
    for name in sorted(set(CLASSES) - {"k-diffusion", *APART, *slow}):
        known = parameters(name, monkeypatch)
        if not set(asked) <= set(known) or name in ("IPNDMScheduler", "UnCLIPScheduler"):
            continue
        try:
            scheduler = scheduler_class(name, monkeypatch)(**asked)
        except NotImplementedError:
            continue  # a beta schedule that this class has not
        check(scheduler, read(scheduler, tmp_path, 20), 20)
        held += 1
    assert held


@pytest.mark.parametrize("kind", ["exponential", "linear"])
def test_dynamic_shift(kind, tmp_path):
    """As a pipeline asks, which passes steps of its own, and as the scheduler has them by itself."""
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type=kind)
    mu = 0.5 + 0.65 * (1024 - 256) / (4096 - 256)
    check(scheduler, read(scheduler, tmp_path, 28, tokens=1024), 28, mu=mu, sigmas=np.linspace(1.0, 1 / 28, 28))
    check(scheduler, read(scheduler, tmp_path, 28, tokens=1024, spacing="linspace"), 28, mu=mu)


@pytest.mark.parametrize("count", COUNTS)
def test_named_flows_are_those_of_their_pipelines(count):
    flux = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True)
    check(flux, noise_schedule("flux", inference_steps=count), count, mu=1.15, sigmas=np.linspace(1, 1 / count, count))
    sd3 = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    check(sd3, noise_schedule("sd3", inference_steps=count), count)
    hunyuan = noise_schedule("flow,shift=7", inference_steps=count, spacing="trailing")
    check(
        diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0), hunyuan, count, sigmas=np.linspace(1, 0, count + 1)[:-1]
    )


def flow_pipelines():
    """Classes of pipelines of flows, and whether their text passes equal steps to the data."""
    even = r"1(\.0)? / num_inference_steps, num_inference_steps|0(\.0)?, num_inference_steps \+ 1"
    passed = re.compile(rf"linspace\(1(\.0)?, ({even})[,)]")
    for path in Path(diffusers.__file__).parent.glob("pipelines/**/pipeline_*.py"):
        lines = [line for line in path.read_text().splitlines() if not line.strip().startswith("#")]
        text = "\n".join(lines)
        own = re.search(r"^class (\w+Pipeline)\(", text, re.MULTILINE)
        if own and re.search(r"scheduler: .*FlowMatchEuler", text) and "VisualClozePipeline" not in own[1]:
            yield own[1], passed.search(text) is not None, text


def test_steps_that_pipelines_of_flows_pass_and_where_they_begin():
    counted, seen = [], 0
    for name, passed, text in flow_pipelines():
        if "def get_timesteps" in text and "int(num_inference_steps * strength)" in text:
            counted.append(name)
        try:
            spacing = spacing_of_pipeline(name)
        except ValueError:
            continue
        seen += 1
        assert (name, spacing) == (name, "trailing" if passed else "linspace")
        assert passed or not re.search(r"^ +sigmas = (?!None)", text, re.MULTILINE), name
    assert seen > 50
    assert {name for name in counted if counts_what_is_left(name)} == {"WanVideoToVideoPipeline"}
    for name in set(counted) - {"WanVideoToVideoPipeline"}:
        with pytest.raises(ValueError, match="rules of its own"):
            spacing_of_pipeline(name)


@pytest.mark.parametrize("name", sorted(set(CLASSES) - {"k-diffusion"}))
def test_fields_are_those_of_the_class(name, monkeypatch):
    """A file that was made from that of another class keeps its fields, and the class leaves them out."""
    known = {each.name for each in fields(SchedulerConfig)} & set(parameters(name, monkeypatch))
    assert set(CLASSES[name].fields) == known


def test_fields_of_another_class_are_left_out(tmp_path):
    multistep = diffusers.DPMSolverMultistepScheduler(use_karras_sigmas=True, **LATENT)
    ancestral = diffusers.EulerAncestralDiscreteScheduler.from_config(multistep.config)
    found = read(ancestral, tmp_path, 20)
    check(ancestral, found, 20)
    assert "without use_karras_sigmas, which it has not" in found.source


@pytest.mark.parametrize(
    ("name", "asked", "counts"),
    [
        ("DPMSolverMultistepScheduler", {"use_lu_lambdas": True, "beta_schedule": "squaredcos_cap_v2"}, (20, 44)),
        ("DPMSolverMultistepScheduler", {"use_lu_lambdas": True, "beta_schedule": "scaled_linear"}, (69,)),
        ("DPMSolverMultistepScheduler", {"use_flow_sigmas": True}, (9,)),
        ("UniPCMultistepScheduler", {"use_flow_sigmas": True, "shift_terminal": 0.1}, (7, 10)),
        ("UniPCMultistepScheduler", {"use_flow_sigmas": True, "shift_terminal": 0.1, "flow_shift": 5.0}, (83,)),
    ],
)
def test_whole_timesteps_that_rounding_decides(name, asked, counts, tmp_path):
    scheduler = getattr(diffusers, name)(**asked)
    for count in counts:
        schedule = read(scheduler, tmp_path, count)
        assert schedule.timesteps.tolist() == own_steps(scheduler, count).tolist()


def test_the_decoder_has_two_steps(tmp_path):
    scheduler = diffusers.schedulers.ConsistencyDecoderScheduler()
    schedule = read(scheduler, tmp_path, 2)
    assert schedule.timesteps.tolist() == own_steps(scheduler, 2).tolist()
    kept = scheduler.sqrt_alphas_cumprod.double().numpy() ** 2
    assert schedule.training.alpha_bar == pytest.approx(kept, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("DDIMScheduler", {}),
        ("EulerDiscreteScheduler", {"use_karras_sigmas": True}),
        ("FlowMatchEulerDiscreteScheduler", {"shift": 3.0}),
        ("FlowMatchEulerDiscreteScheduler", {"invert_sigmas": True}),
        ("HeunDiscreteScheduler", {}),
        ("DPMSolverSDEScheduler", {}),
        ("IPNDMScheduler", {}),
        ("ScoreSdeVeScheduler", {}),
    ],
)
def test_an_object_is_read_as_what_it_saves(name, asked, tmp_path, monkeypatch):
    scheduler = scheduler_class(name, monkeypatch)(**asked)
    saved = read(scheduler, tmp_path, 20)
    assert noise_schedule(scheduler).t.tolist() == noise_schedule(tmp_path).t.tolist()
    assert noise_schedule(scheduler, inference_steps=20).t.tolist() == saved.t.tolist()
    own_steps(scheduler, 20)
    ready = noise_schedule(SimpleNamespace(scheduler=scheduler), strength=1.0)
    assert (ready.t.tolist(), ready.training is None) == (saved.t.tolist(), saved.training is None)


def test_an_object_with_steps_of_its_own_is_read_by_its_arrays():
    flow = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, invert_sigmas=True)
    own_steps(flow, 28, mu=0.8, sigmas=np.linspace(1, 1 / 28, 28))
    shift, s = np.exp(0.8), np.linspace(1, 1 / 28, 28)
    s = shift * s / (1 + (shift - 1) * s)
    found = noise_schedule(flow)
    assert found.alpha_bar == pytest.approx((1 - s) ** 2 / ((1 - s) ** 2 + s**2), abs=ROUNDING)
    assert found.timesteps == pytest.approx(1000 * (1 - s), abs=1e-3)
    assert found.training.steps == 1001
    assert noise_schedule(flow, strength=0.6).steps == 17
    solver = diffusers.DPMSolverMultistepScheduler()
    solver.set_timesteps(timesteps=[900, 500, 20])
    assert noise_schedule(solver).timesteps.tolist() == [900, 500, 20]
    between = type("KDPM2DiscreteScheduler", (), {"config": {}, "timesteps": np.arange(19), "num_inference_steps": 10})
    with pytest.raises(ValueError, match="which calls the model between them, are not read; give the sigmas"):
        noise_schedule(between())


@pytest.mark.parametrize("one", [True, False])
def test_a_sampler_in_alpha_bar_arrives_at_the_data_or_at_the_first_step(one, tmp_path):
    scheduler = diffusers.DDIMScheduler(set_alpha_to_one=one)
    end = read(scheduler, tmp_path, 10).end
    assert np.exp(-2 * end) == pytest.approx(float(scheduler.final_alpha_cumprod), rel=1e-6)


@pytest.mark.parametrize("final", ["zero", "sigma_min"])
@pytest.mark.parametrize("name", ["EulerDiscreteScheduler", "DPMSolverMultistepScheduler", "EDMEulerScheduler"])
def test_a_sampler_in_sigma_arrives_where_it_says(name, final, tmp_path):
    scheduler = getattr(diffusers, name)(final_sigmas_type=final)
    end = read(scheduler, tmp_path, 10).end
    own_steps(scheduler, 10)
    assert np.sqrt(np.expm1(2 * end)) == pytest.approx(float(scheduler.sigmas[-1]), rel=1e-4, abs=1e-12)
