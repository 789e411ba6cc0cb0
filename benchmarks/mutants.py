"""Faults put into the package one at a time: which of them the tests notice, and which tests those are.

Run as ``python benchmarks/mutants.py --out before.jsonl``; ``--list`` shows the faults, ``--only WORD ...`` takes those
whose name holds one of the words. A line of the table is a name, a text with the change in ``{{old~>new}}``, and the
tests that should notice. The text is looked for in the whole package and must occur in it once, and tests are named by
words of their paths: files may move. Each fault is put into a copy of the checkout, where the same tests must pass
without it. Outcomes are appended to the file, and what it holds is not done again: take another one for other code.

A list of our own, since mutmut and cosmic-ray change everything that they can, which no two states of the code share,
and know nothing of compiled kernels whose machine code must be made anew.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = "regimes"
Row = dict[str, Any]
NOTHING = 5  # no case was selected
_WAITING = 20  # times the limit
OPTIONS = ("-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-rfE")

# Name; the text with its change; tests in the order in which they are run: words of their path, and after a colon the
# cases to take (pytest -k). Words that fit no path are passed over, as long as others do.
TABLE = (
    # theory: an expression or what several forms share, where a derivation or the form for floats must disagree
    ("class_entropy_far_side", "+ exp(-_v) * log1p(exp(-2 * _v)){{ / 2~>}}",
     "theory: class_entropy, clone_probability"),
    ("normalised_clone_floor", "expr=(_phi - _one) / (1 {{-~>+}} _one),",
     "theory: normalised_clone, clone_probability"),
    ("mean_sech_duality", "expr=sqrt(pi / 2) / {{r~>r**2}},", "theory: mean_sech, clone_probability"),
    ("separated_entropy_half", "_separated = log(n) / d + {{Rational(1, 2) + ~>}}log(2", "theory: separated_entropy"),
    ("collapse_time_exponent", "expr=log(1 + sigma**2 / (n ** ({{2~>1}} / d) - 1)) / 2,",
     "theory: collapse_time, numerics collapse"),
    ("collapse_width_factor", "expr=sqrt(d * _s2 * (_s2 + {{2 * ~>}}Delta) / 2) / Gamma,", "theory: collapse_width"),
    ("collapse_gap_tail", "_beyond = sympy.erfc(sympy.Max(_reach, 0){{ / sqrt(2)~>}}) / 2", "theory: collapse_gap"),
    ("normal_entropy_half", "return log(2 * pi * variance) / 2{{ + Rational(1, 2)~>}}", "theory: entropy or excess"),
    ("index_clones", "stable=(_own_weight * _chosen) ** 2 + _squares * _chosen{{ * _chosen~>}},",
     "theory: index_clone, random_energy"),
    ("leave_one_out_sign", "stable=({{-~>}}log1p(-1 / n) + _log_rest) / d,", "theory: leave_one_out"),
    ("random_energy_root", "_root = sqrt(_s2**2 + {{8~>4}} * _energy * _spread * _delta)", "theory: random_energy"),
    ("condensation_exponent", "(_delta + _s2) / _delta) / 2 + _separation * _s2 / (2 * (_delta + _s2){{ ** 2~>}})",
     "theory: condensation"),
    ("rules_without_replacement", "_share = (1 - _A) / (v**s{{ - 1~>}})", "theory: hierarchy_upward"),
    ("other_parents", "_parents = (m{{ - 1~>}}) * q + m * (1 - q)", "theory: hierarchy_downward"),
    ("upward_near_chance", "return ((v**s - 1) * _A + (m{{ - 1~>}}) * wrong)", "theory: hierarchy_upward"),
    ("correlation_exponent", "_nu = {{log(s) / log(_slope_symbol)~>log(_slope_symbol) / log(s)}}",
     "theory: hierarchy_exponent, hierarchy transition"),
    ("pair_below_right_parent", "_pair_right = (_A + _g * ({{p**2~>p}} - _A)) / _N", "theory: pair_right"),
    ("pairs_at_distance", "_pairs = (s - 1) * s ** {{(_height - 1)~>_height}}", "theory: pairs_at_distance"),
    ("filling_of_discs", "_DISC_FILLING = Rational({{112808737~>112088737}}, 10**8)",
     "theory published, theory percolation"),
    ("offset_of_the_fit", "_FITTED = Rational({{33~>30}}, 10)", "theory percolation, lattice threshold"),
    ("spanning_width_exponent", "expr=_first * _N ** Rational({{-3, 4~>-4, 3}}),", "theory: spanning_width"),
    ("cosine_overlap_width", "expr=exp(-(r**2) / ({{4~>2}} * sigma**2)),", "theory: cosine_overlap"),
    ("terms_over_pixels", "_DIRECT = {{6~>1}}", "theory: pixel"),
    ("tweedie_shrinkage", "expr=(exp(-{{t~>2 * t}}) * _signal - _noised) / Delta,", "theory: score_from_posterior"),
    ("linear_schedule_steps", "stable=(_first * (_steps - 1 - _k) + _last * _k) / {{(_steps - 1)~>_steps}},",
     "theory: linear_beta, schedules"),
    ("cosine_schedule_square", "return cos((step / _steps + _offset) / (1 + _offset) * pi / 2){{ ** 2~>}}",
     "theory: cosine_beta"),
    ("ddim_noise_share", "left = exp(-2 * h) * noise(_s) + (1 - _eta){{ * (1 + _eta)~>}} * noise(h)", "theory: ddim"),
    ("v_prediction_sign", "expr=-x {{-~>+}} exp(-t) * _v / sqrt(Delta),", "theory: from_v"),
    ("overlap_well", "well = (1 / variance - sympy.{{Rational(1, 2)~>Integer(1)}}) * _q**2",
     "theory: overlap_potential"),
    ("sign_of_a_pair", "expr=4 * asin(_rest) / pi{{**2~>}},", "theory: four_sign, uturn"),
    # posterior kernel, its layout and its averages
    ("square_of_copies", "squares[place] += copies[lane] * np.exp(-{{2.0 * ~>}}shift[place])", "posterior"),
    ("one_sign_of_noise", "b[pair // 2] if pair % 2 else {{-~>}}b[pair // 2]", "posterior"),
    ("near_pairs_in_single", '_NEAR = {"single": {{1e-2~>1e-7}}', "posterior"),
    ("late_times", "_SMALLEST_FACTOR, _LARGEST_FACTOR = {{1e-15~>1e-2}}, 1e15", "posterior"),
    ("probes_outside_a_group", "kept = probes - np.bincount(rank[{{mu~>:probes}}] % used, minlength=used)",
     "posterior"),
    ("error_over_probes", "np.sqrt(self._squares / (self._count * {{(self._count - 1)~>self._count}}))", "posterior"),
    ("merged_blocks", "+ step**2 * (self._count{{ * size~>}} / total)", "posterior"),
    ("jackknife_unit", "entropy(d, counts, left_out[..., place]){{~> * np.log(counts) / np.log(n)}}", "posterior"),
    ("group_that_holds_all", "_CANCELS = {{1e-3~>1e-30}}", "posterior"),
    ("clones_of_the_own_class", "_squared = _own_weight**2 + {{2 * ~>}}_own_weight * _same + _squares",
     "theory: class_clone, posterior"),
    ("small_excess_entropy", "log_total = {{np.log1p(rest)~>np.log(1.0 + rest)}} if top", "posterior"),
    ("last_point_never_drawn", "return generator.integers(n{{~> - 1}}, size=probes), generator.permutation(n)",
     "posterior"),
    ("exponential_coefficient", "    0.04{{16664648445~>61664648445}},\n", "posterior"),
    # spectrum, bound, energy model, jackknife, clone probability
    ("Lambda_se", "(np.var(projections**2), {{n~>n - 1}})", "spectrum"),
    ("divisor_about_the_origin", "(n / (n - 1){{ if center else 1.0~>}})", "spectrum"),
    ("number_of_the_rest", "remainder_count={{rank~>min(n, d)}} - wanted,", "spectrum"),
    ("information_of_the_rest", "np.asarray(result + {{spectrum.remainder_count * ~>}}channel(ratios, mean))",
     "spectrum"),
    ("length_of_the_projection", "leading * np.sqrt({{data.n * ~>}}values[0])", "spectrum"),
    ("bound_at_log_n", "spectrum)) - float(np.log(n{{~> - 1}}))",
     "spectral, losses comparison, prediction test_predict"),
    ("own_point_left_out", '("leave_one_out", {{LOG_REST~>LOG_TOTAL}}, leave_one_out),\n        ("clone_index"',
     "random_energy"),
    ("mean_of_the_control", "np.log(n{{ - 1~>}}) - information)", "random_energy"),
    ("noise_beside_the_axis", "generator.standard_gamma((d - {{1~>2}}) / 2, count))", "random_energy"),
    ("remaining_dimensions", "generator.standard_gamma((self.d - {{2~>1}}) / 2, others)", "random_energy"),
    ("error_of_sampled_controls", 'covariance{{ + np.einsum("ka,kalb,lb->kl", factors, sampled, factors)~>}}',
     "control_variates, random_energy"),
    ("jackknife_factor", "np.sqrt({{(groups - 1) / groups * ~>}}np.sum((values",
     "jackknife, posterior, spins, correlations"),
    ("reach_of_the_nodes", "_NODES = {{45~>32}}  #", "clone_probability"),
    ("far_distances", '_checked(r, "clone_disagreement", "r"), _ZERO{{~> / 4}})', "clone_probability"),
    ("entropy_step", "step = np.minimum(_STEP, {{0.25~>0.5}} / np.maximum(r, 1.0))", "clone_probability"),
    # hierarchy: kernel, beliefs, populations, spins, thresholds
    ("underflow_unnoticed", "LOST = {{1e-307~>0.0}}", "strong_messages, belief_propagation"),
    ("symbol_of_weight_zero", "chosen += sums[k] {{<=~><}} target", "belief_propagation, strong_messages"),
    ("rules_of_the_tree", "-internal * float(np.log({{m~>v}})),", "belief_propagation"),
    ("evidence_in_logarithms", "evidence = self.evidence + left{{ - internal * float(np.log(self.rules.m))~>}}",
     "belief_propagation, strong_messages"),
    ("population_error", "found.mean(axis=0), found.std(axis=0, ddof={{1~>0}}) / np.sqrt(repeats)",
     "density_evolution"),
    ("wrong_leaf_symbol", "wrong = generator.integers({{1~>0}}, v, population)", "density_evolution"),
    ("shuffle_of_tuples", "np.int32(uniform * np.float64(size - k{{~> - 1}}))", "density_evolution"),
    ("prior_of_the_root", "downward[0] = 1 / {{roots~>v}}", "mean_field"),
    ("siblings_of_the_child", "down(downward[level], upward[level{{ + 1~>}}], v, m, s)", "mean_field"),
    ("eigenvalue_of_the_step", "carried = carried * eigenvalue(belief[ancestor{{ + 1~>}}], v, m, s)",
     "hierarchy correlations"),
    ("covariance_divisor", "(squares - square_of_sum / samples) / {{(samples - 1)~>samples}})",
     "hierarchy correlations, spins"),
    ("pairs_beside_the_own", "pairs = sites * np.{{diff(sizes)~>array(sizes[:-1])}}", "hierarchy correlations, spins"),
    ("threshold_error", "float(found.mean()), float(found.std(ddof={{1~>0}}) / math.sqrt(repeats))",
     "hierarchy threshold"),
    ("threshold_time", "(np.array([value - se, value, value + se]){{ ** 2~>}})", "hierarchy threshold"),
    ("half_way_at_a_depth", "self.known = self.lost = {{(1 + 1 / v) / 2~>1 / 2}}", "hierarchy threshold"),
    ("flat_slope", "_FLAT = {{1e-4~>1e-11}}", "hierarchy transition"),
    # percolation: forests, averages, spanning, sizes, neighbourhoods
    ("squares_of_a_merger", "return root, {{2 * ~>}}(a >> 2) * (b >> 2)", "numerics test_lattice"),
    ("bands_of_a_merger", "(b & -4) | (a{{ | b~>}}) & 3)", "numerics test_lattice"),
    ("last_place_never_drawn", "left = _U(order.size - AHEAD) - k{{~> - _U(k + _ONE < order.size - AHEAD)}}",
     "lattice_statistics"),
    ("binomial_tails", "_WIDTHS = {{9.0~>4.0}}", "lattice_statistics"),
    ("squares_of_the_largest", "scratch[1, i] = squares[i] - size{{ * size~>}}",
     "lattice_statistics, numerics test_lattice"),
    ("occupied_from_the_last_run", "{{        occupied[:] = 0\n~>}}        steps[:] = 0\n        for start",
     "lattice_statistics"),
    ("error_over_orders", "values.std(axis=0, ddof={{1~>0}}) / math.sqrt(runs)",
     "lattice_statistics, numerics test_lattice"),
    ("probability_to_span", "n - first[:, None] + {{1.0~>0.0}}, lambdas", "lattice_statistics"),
    ("place_of_a_quantile", "places = first / {{(n + 1)~>n}}", "lattice_statistics, extrapolation"),
    ("width_of_the_count", "squares.sum() / (first.size - 1){{ + own~>}})", "lattice_statistics, extrapolation"),
    ("winding_probability", "_WRAPPING = {{0.521058290~>0.690473725}}", "extrapolation"),
    ("likelihood_of_an_exponent", "np.exp(-(chi_square - chi_square.min()){{ / 2~>}})", "extrapolation"),
    ("spread_over_exponents", "weights @ (variance{{ + (value - mean) ** 2~>}})", "extrapolation"),
    ("steps_of_a_skipped_parent", "steps[point] {{+~>}}= steps[root]", "numerics test_lattice, lattice_statistics"),
    ("steps_of_a_component", "parents[other], steps[other] = root, {{own - way~>way - own}}", "kept_percolation"),
    ("tie_at_the_radius", "places[(distance <= radius{{ * (1 + TIE)~>}}) & places",
     "neighbourhood, bumps, data_percolation"),
    ("depth_of_the_bands", "math.floor(along{{ / 2~>}})", "kept_percolation, numerics test_lattice"),
    ("limit_of_an_ellipse", "({{math.sqrt(math.prod(along))~>min(along)}})", "lattice threshold"),
    ("half_held_from", "int(below[-1]) + {{2~>1}} if below.size else 1", "data_percolation"),
    ("half_of_the_points", "np.argmax(2 * largest {{>=~>>}} n)", "data_percolation"),
    # prediction
    ("limits_of_the_time", '_time("leading", value) or 0.0 for value in Lambda)\n    return {{low, high~>high, low}}',
     "prediction test_predict"),
    ("copies_as_points", 'of, name = (curves, "clone_index") if {{by_group is None~>True}} else',
     "prediction test_predict"),
    ("error_of_the_class_curve", 'error=getattr(curves, f"{name}_se"){{ / (1 - normalise.floor)~>}},',
     "prediction test_predict"),
    ("variance_of_the_points", "spread.total_variance{{ * (1 - 1 / data.n)~>}})",
     "losses comparison, prediction test_predict"),
    ("degrees_of_the_jackknife", "spread * student_quantile(groups{{ - 1~>}})", "prediction test_predict, intervals"),
    ("half_of_an_interval", "NORMAL = {{1.959963984540054~>1.6448536269514722}}",
     "prediction test_predict, intervals, losses comparison"),
    ("last_crossing_of_a_group", "np.array([root[{{-1~>0}}] for root in roots])", "prediction test_predict, intervals"),
    ("slope_at_a_crossing", "np.gradient(curve{{, t~>}})", "prediction test_predict, intervals"),
    ("bound_of_the_tail", "tail=float(smallest * abs(silent - loss[-1]) / {{4~>8}})", "losses information"),
    ("error_of_the_gap", "np.{{hypot(test.se, train.se)~>maximum(test.se, train.se)}}",
     "losses information, losses comparison"),
    ("loss_without_a_signal", "silent = loss[-1] {{+~>-}} (loss[-1] - loss[-2]) * smallest", "losses information"),
    ("bound_of_shared_errors", "error = {{np.abs(weights) @ se~>np.sqrt(weights**2 @ se**2)}}",
     "losses information, losses comparison"),
    ("points_without_a_group", "left_out = np.log(n{{ - n / len(replicates)~>}})", "losses comparison"),
    ("error_on_the_log_scale", "normal_interval(time, {{time * ~>}}spread / slope)", "losses comparison"),
    ("error_of_the_share", "np.hypot(own, share * whole_se{{ / whole~>}})", "losses comparison"),
    ("noise_as_epsilon", 'epsilon = grid{{ if noise == "epsilon" else _epsilon_of(belief, model.v)~>}}',
     "prediction hierarchy"),
    ("error_over_sets_of_rules", "stacked.std(axis=0, ddof={{1~>0}}) / np.sqrt(len(curves))", "prediction hierarchy"),
    ("tau_for_all", "    return connecting.{{whole~>half}}", "prediction composition, data_percolation"),
    # the population behind the points: directions, classes, collapse
    ("pull_of_the_bulk", "expr=lambda_ / (1 {{+~>-}} _pull),", "theory: corrected_eigenvalue, numerics direction"),
    ("slope_of_the_correction", "expr=1 / (1 + _pull) + _pull_square / (1 + _pull){{ ** 2~>}},",
     "theory: corrected_eigenvalue, numerics direction"),
    ("scatter_of_a_spike", "expr=sqrt({{2~>1}} / _slope + _kurtosis", "theory: eigenvalue_scatter, numerics direction"),
    ("degrees_of_the_mean", "degrees = _all_eigenvalues(spectrum) / unit, n{{ - center~>}}", "numerics direction"),
    ("level_of_the_test", "LEVEL = {{0.05~>0.2}}", "numerics direction"),
    ("score_of_a_guess", "expr={{2 * ~>}}_own - _squares,", "theory: quadratic_score, class_bound"),
    ("limit_of_the_class", "_CONFIDENCE = {{0.975~>0.9}}", "class_bound"),
    ("groups_of_the_class", "contributions.std(axis=0, ddof=1) / np.sqrt({{count~>count - 1}})", "class_bound"),
    ("eighth_of_the_distance", "expr=_between / {{8~>4}} + _excess / 2,", "theory: class_distance, class_pairs"),
    ("point_left_out_of_its_own", "expr=_h / (1 {{-~>+}} _h),", "theory: left_out_form, information_bound"),
    ("half_of_the_slope", "expr=_N * _y * _q{{ / 2~>}},", "theory: resolvent_information, information_bound"),
    ("limit_of_the_bound", "_LEVEL = {{0.95~>0.8}}", "information_bound"),
    ("gap_of_the_sum", "expr=exp(-_exponent) {{-~>+}} exp(-_transform),", "theory: poisson_sum_gap, corrected_time"),
    ("gap_that_is_unsure", "_UNSURE = {{0.1~>0.0}}", "corrected_time"),
    ("plateau_of_copies", "expr=log(1 + _delta**2 / {{4~>2}}) / 2,", "theory: near_copies, near_copies"),
    ("copies_in_the_bound", "information_bound(self.{{distinct~>data.X}}, memory", "prediction test_predict"),
)  # fmt: skip
CHANGE = re.compile(r"\{\{(.*?)~>(.*?)\}\}", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """Test files that are run at once, and which of their cases: an expression of ``pytest -k``, or all if empty."""

    files: tuple[str, ...]
    cases: str = ""


@dataclass(frozen=True)
class Mutant:
    """A fault: the text that is changed in a file of the package, and the tests that should notice."""

    name: str
    file: str
    old: str
    new: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Run:
    """What a call of pytest came to: exit status (None for a hang), first test that failed, processor seconds."""

    status: int | None
    by: str
    cpu: float
    text: str


def mutants(checkout: Path, words: list[str]) -> list[Mutant]:
    """The table against the files as they are now."""
    package = {path.relative_to(checkout).as_posix(): path.read_text() for path in (checkout / PACKAGE).rglob("*.py")}
    tests = sorted(path.relative_to(checkout).as_posix() for path in (checkout / "tests").rglob("test_*.py"))
    found = []
    for name, text, selection in TABLE:
        if not any(word in name for word in words):
            continue
        old, new = (CHANGE.sub(lambda match, side=side: match[side], text) for side in (1, 2))
        places = [file for file, content in package.items() for _ in range(content.count(old))]
        if len(places) != 1:
            where = ", ".join(places) or "no file"
            raise SystemExit(f"{name}: its text must occur once in the package, got {where}; update the table: {old!r}")
        compile(package[places[0]].replace(old, new), name, "exec")  # a fault that is no Python would prove nothing
        steps = list(selected(name, selection, tests))
        # What lives through chosen cases must live through their files as well. Examples in docstrings do not count.
        steps += [Step(step.files) for step in steps if step.cases]
        found.append(Mutant(name, places[0], old, new, tuple(steps)))
    return found


def selected(name: str, selection: str, tests: list[str]) -> Iterator[Step]:
    """Test files by words of their paths, first those with all words in the file's own name."""
    nothing = True
    for part in selection.split(", "):
        words, _, cases = part.partition(": ")
        files = [file for file in tests if all(word in file for word in words.split())]
        files.sort(key=lambda file: not all(word in Path(file).name for word in words.split()))
        if files:
            nothing = False
            yield Step(tuple(files), cases)
    if nothing:
        raise SystemExit(f"{name}: no path of a test holds the words of {selection!r}; update the table")


class Laboratory:
    """A copy of the checkout, in which a fault is put in, tested and taken out."""

    def __init__(self, checkout: Path, folder: Path, limit: int) -> None:
        self.place, self._folder, self._limit = folder / "checkout", folder, limit
        # Without compiled Python files, whose time stamps have whole seconds: a restored file would be taken for old.
        shutil.copytree(checkout, self.place, ignore=shutil.ignore_patterns(".*", "__pycache__", "_build"))

    def test(self, step: Step, *, cache: str = "shared", report: Path | None = None) -> Run:
        caches = {name: str(self._folder / cache / name) for name in ("REGIMES_CACHE_DIR", "NUMBA_CACHE_DIR")}
        settings = {"PYTHONPATH": str(self.place), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "pytest", *OPTIONS, *step.files, "-k", step.cases]
        command += [] if report is None else [f"--junitxml={report}"]
        before = processor_seconds()
        # Processor time, which a busy machine does not stretch; a fault that only waits meets the time on the clock.
        process = subprocess.Popen(
            command, cwd=self.place, env=os.environ | settings | caches, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (self._limit, self._limit + 1)),
        )  # fmt: skip
        try:
            text, status = process.communicate(timeout=_WAITING * self._limit)[0], process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, status = process.communicate()[0], None
        status = None if status == -signal.SIGXCPU else status
        failed = re.search(r"^(?:FAILED|ERROR) (\S+.*?)(?: - |$)", text, re.MULTILINE)
        return Run(status, failed[1] if failed else text[-300:], processor_seconds() - before, text)

    def control(self, step: Step) -> Row:
        """The tests of a step without a fault, which must pass, with the seconds that each file takes."""
        report = self._folder / "report.xml"
        run = self.test(step, report=report)
        if run.status not in (0, NOTHING):
            raise SystemExit(f"without a fault the tests must pass, got\n{run.text[-4000:]}")
        seconds: Counter[str] = Counter()
        for case in ElementTree.parse(report).iter("testcase"):
            seconds[case.get("classname", "").replace(".", "/") + ".py"] += float(case.get("time", 0))
        return {"control": key(step), "cpu": run.cpu, "seconds": dict(seconds)}

    def fault(self, mutant: Mutant, step: Step) -> Run:
        """The same with a fault, which is taken out again."""
        path = self.place / mutant.file
        content = path.read_text()
        # Machine code of kernels that call a changed one from another file would not be made anew.
        cache = mutant.name if "numba" in content else "shared"
        path.write_text(content.replace(mutant.old, mutant.new))
        try:
            return self.test(step, cache=cache)
        finally:
            path.write_text(content)


def key(step: Step) -> str:
    return " ".join(step.files) + (f" -k {step.cases}" if step.cases else "")


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def summary(rows: list[Row]) -> None:
    """Survivors, and what each test file costs and notices."""
    outcomes = {row["mutant"]: row for row in rows if "mutant" in row}
    alive = [name for name, row in outcomes.items() if not row["by"]]
    first = Counter(row["by"].split("::")[0] for row in outcomes.values())
    seconds: dict[str, float] = {}
    for row in rows:
        for file, value in row.get("seconds", {}).items():
            seconds[file] = max(seconds.get(file, 0.0), value)
    print(f"\n{len(outcomes)} faults, {len(outcomes) - len(alive)} killed; survived: {', '.join(alive) or 'none'}")
    print(f"{sum(row['cpu'] for row in rows) / 60:.1f} minutes of processor time; by file, seconds and faults killed:")
    for file in sorted(seconds, key=lambda file: -seconds[file]):
        print(f"{seconds[file]:7.1f} s  {first[file]:3d}  {file}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("mutants.jsonl"), help="outcomes, a line each; continued")
    parser.add_argument("--only", nargs="+", default=[""], help="faults whose name holds one of these words")
    parser.add_argument("--list", action="store_true", help="show the faults and where they are now")
    parser.add_argument("--limit", type=int, default=600, help="processor seconds for one run; more is a hang")
    arguments = parser.parse_args()
    chosen = mutants(CHECKOUT, arguments.only)
    if arguments.list:
        for mutant in chosen:
            print(f"{mutant.name}  {mutant.file}\n  - {mutant.old!r}\n  + {mutant.new!r}")
            print("".join(f"    {key(step)}\n" for step in mutant.steps), end="")
        return
    lines = arguments.out.read_text().splitlines() if arguments.out.exists() else []
    rows: list[Row] = [json.loads(line) for line in lines]
    held = {row.get("control") for row in rows}
    done = {(row.get("mutant"), row.get("old"), row.get("new")) for row in rows}

    def add(row: Row) -> None:
        rows.append(row)
        with arguments.out.open("a") as file:
            file.write(json.dumps(row) + "\n")

    with tempfile.TemporaryDirectory() as folder:
        laboratory = Laboratory(CHECKOUT, Path(folder), arguments.limit)
        for mutant in chosen:
            if (mutant.name, mutant.old, mutant.new) in done:
                continue
            by, cpu = "", 0.0
            for step in mutant.steps:
                if key(step) not in held:
                    held.add(key(step))
                    add(laboratory.control(step))
                run = laboratory.fault(mutant, step)
                cpu += run.cpu
                if run.status not in (0, NOTHING):
                    by = "a hang" if run.status is None else run.by
                    break
            add(
                {"mutant": mutant.name, "file": mutant.file, "old": mutant.old, "new": mutant.new, "by": by, "cpu": cpu}
            )
            print(f"{'killed' if by else 'SURVIVED':8s}  {mutant.name:28s} {cpu:6.1f} s  {by}", flush=True)
    summary(rows)


if __name__ == "__main__":
    main()
