"""Belief propagation on batches of the random hierarchy model, against the same equations in torch on the CPU.

The baseline goes level by level over the whole batch, as it is written with torch: upwards it gathers the children's
messages by the rule table, multiplies and sums over rules; downwards it multiplies the parent's message with the
siblings' and adds into the child's symbols (index_add). Messages are (samples, nodes, symbols) and divided by their sum
at each node; with logarithms and logsumexp instead the same baseline is slower, and both are timed. Variants that need
more thought are timed for information: a few samples at a time, so that what is gathered stays in the cache; the
samples innermost in memory, so that gathers copy rows; and, for s = 2, the rules as a dense tensor of v^3 zeros and
ones, so that the sums over rules are matrix products.

Posterior draws: upward messages in the same way, then root and rules by torch.multinomial.

Every figure is the best of several runs, with the sides taking turns in one process on the same threads; all start from
the messages of ``leaf_messages``, in the layout each side prefers, and end with marginals of all levels or whole trees.
Torch waits for its threads at every operation, so that two threads on two cores that others use too take many times as
long as one: figures are to be taken on an idle machine (the load is printed) or with ``--threads 1``.

The machine's bound is measured in the same process: the rate of independent multiply-adds in registers, and of a copy
from memory to memory. Counted are (s^2 - 1) v m multiply-adds an internal node for the rules, 7 v operations a node for
sums, normalisation and marginals, and as traffic only what cannot be avoided: messages read, marginals written.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from itertools import product
from typing import Any

import numba
import numpy as np
import torch
from llvmlite import ir
from numba import njit, prange
from numba.core import cgutils
from numba.extending import intrinsic

from regimes.numerics.hierarchy.belief_propagation import belief_propagation, sample_posterior
from regimes.numerics.hierarchy.noise import leaf_messages
from regimes.numerics.hierarchy.rules import HierarchyRules

CASES = {(32, 8, 2, 8): (128, 150, 25), (16, 4, 2, 6): (1000, 25, 12)}  # batch, targets for marginals and draws


def random_rules(v: int, m: int, s: int, depth: int, seed: int = 0) -> HierarchyRules:
    generator = np.random.default_rng(seed)
    tuples = np.array(list(product(range(v), repeat=s)))
    return HierarchyRules([generator.permutation(tuples)[: v * m].reshape(v, m, s) for _ in range(depth)], v=v)


def noised(rules: HierarchyRules, n: int, epsilon: float = 0.7) -> np.ndarray:
    """Messages of data drawn by the rules, under the epsilon-process."""
    generator = np.random.default_rng(1)
    symbols = generator.integers(rules.classes, size=(n, 1))
    for table in rules.tables:
        symbols = table[symbols, generator.integers(rules.m, size=symbols.shape)].reshape(n, -1)
    messages = leaf_messages(symbols, "epsilon", epsilon, rules.v)
    # One number more or less likely everywhere, so that no two messages are equal.
    return messages * generator.uniform(0.9, 1.1, messages.shape[::-1]).T


# The baseline and its variants. Each takes rule tables and messages and returns marginals of all levels.


def gathered(table: torch.Tensor, below: torch.Tensor) -> list[torch.Tensor]:
    """Messages of the children under every rule: for each child (samples, nodes, symbols of the parent times rules)."""
    n, _, v = below.shape
    s = table.shape[2]
    children = below.view(n, -1, s, v)
    return [
        children[:, :, j].gather(2, table[:, :, j].reshape(1, 1, -1).expand(*children.shape[:2], -1)) for j in range(s)
    ]


def others(taken: list[torch.Tensor], left_out: int) -> list[torch.Tensor]:
    return [message for j, message in enumerate(taken) if j != left_out]


def upward(tables: list[torch.Tensor], messages: torch.Tensor) -> tuple[list[torch.Tensor], list[list[torch.Tensor]]]:
    """Messages of all levels, and those that were gathered on the way."""
    ups, kept = [messages], []
    for table in reversed(tables):
        taken = gathered(table, ups[0])
        products = taken[0]
        for message in taken[1:]:
            products = products * message
        total = products.view(*products.shape[:2], *table.shape[:2]).sum(3)
        ups.insert(0, total / total.sum(2, keepdim=True))
        kept.insert(0, taken)
    return ups, kept


def marginals_torch(tables: list[torch.Tensor], messages: torch.Tensor) -> list[torch.Tensor]:
    n, _, v = messages.shape
    ups, kept = upward(tables, messages)
    down = torch.full_like(ups[0], 1 / ups[0].shape[2])
    marginals = [ups[0]]
    for table, taken, below in zip(tables, kept, ups[1:], strict=True):
        _, m, s = table.shape
        parents = down.repeat_interleave(m, dim=2)
        lowered = []
        for i in range(s):
            term = parents
            for message in others(taken, i):
                term = term * message
            total = torch.zeros(n, down.shape[1], v, dtype=down.dtype)
            lowered.append(total.index_add_(2, table[:, :, i].reshape(-1), term))
        down = torch.stack(lowered, dim=2).view(n, -1, v)
        down = down / down.sum(2, keepdim=True)
        marginal = down * below
        marginals.append(marginal / marginal.sum(2, keepdim=True))
    return marginals


def marginals_torch_in_parts(tables: list[torch.Tensor], messages: torch.Tensor, part: int = 8) -> list[torch.Tensor]:
    """A few samples at a time, so that what is gathered stays in the cache."""
    parts = [marginals_torch(tables, piece) for piece in messages.split(part)]
    return [torch.cat(level) for level in zip(*parts, strict=True)]


def marginals_torch_log(tables: list[torch.Tensor], messages: torch.Tensor) -> list[torch.Tensor]:
    """In logarithms, with logsumexp upwards and a shift by the largest term downwards."""
    n, _, v = messages.shape
    ups, kept = [messages.log()], []
    for table in reversed(tables):
        kept.insert(0, gathered(table, ups[0]))
        sums = sum(kept[0])
        ups.insert(0, torch.logsumexp(sums.view(*sums.shape[:2], *table.shape[:2]), dim=3))
    down = torch.zeros_like(ups[0])
    marginals = [torch.softmax(ups[0], 2)]
    for table, taken, below in zip(tables, kept, ups[1:], strict=True):
        _, m, s = table.shape
        parents = down.repeat_interleave(m, dim=2)
        lowered = []
        for i in range(s):
            term = parents + sum(others(taken, i))
            largest = term.amax(2, keepdim=True)
            total = torch.zeros(n, down.shape[1], v, dtype=down.dtype)
            total.index_add_(2, table[:, :, i].reshape(-1), (term - largest).exp())
            lowered.append(total.log() + largest)
        down = torch.stack(lowered, dim=2).view(n, -1, v)
        marginals.append(torch.softmax(down + below, 2))
    return marginals


def marginals_torch_samples_last(tables: list[torch.Tensor], messages: torch.Tensor) -> list[torch.Tensor]:
    """Messages (nodes, symbols, samples): a gather copies rows of samples."""
    _, v, n = messages.shape
    ups = [messages]
    for table in reversed(tables):
        symbols, m, s = table.shape
        children = ups[0].view(-1, s, v, n)
        products = children[:, 0].index_select(1, table[:, :, 0].reshape(-1))
        for j in range(1, s):
            products = products * children[:, j].index_select(1, table[:, :, j].reshape(-1))
        message = products.view(-1, symbols, m, n).sum(2)
        ups.insert(0, message / message.sum(1, keepdim=True))
    down = torch.full_like(ups[0], 1 / ups[0].shape[1])
    marginals = [ups[0]]
    for table, below in zip(tables, ups[1:], strict=True):
        symbols, m, s = table.shape
        children = below.view(-1, s, v, n)
        taken = [children[:, j].index_select(1, table[:, :, j].reshape(-1)) for j in range(s)]
        parents = down[:, :, None].expand(-1, -1, m, -1).reshape(-1, symbols * m, n)
        lowered = torch.zeros_like(children)
        for i in range(s):
            term = parents
            for j in range(s):
                if j != i:
                    term = term * taken[j]
            lowered[:, i] = torch.zeros_like(children[:, i]).index_add_(1, table[:, :, i].reshape(-1), term)
        down = lowered.view(-1, v, n)
        down = down / down.sum(1, keepdim=True)
        marginal = down * below
        marginals.append(marginal / marginal.sum(1, keepdim=True))
    return marginals


def dense_rules(tables: list[torch.Tensor], v: int, dtype: torch.dtype) -> list[torch.Tensor]:
    dense = []
    for table in tables:
        tensor = torch.zeros(table.shape[0], v, v, dtype=dtype)
        tensor[torch.arange(table.shape[0])[:, None], table[:, :, 0], table[:, :, 1]] = 1
        dense.append(tensor)
    return dense


def marginals_torch_dense(dense: list[torch.Tensor], messages: torch.Tensor) -> list[torch.Tensor]:
    """Two children only: sums over rules as products with a tensor (parent, first child, second child)."""
    n, _, v = messages.shape
    ups = [messages]
    for tensor in reversed(dense):
        children = ups[0].view(-1, 2, v)
        pairs = (children[:, 0, :, None] * children[:, 1, None, :]).view(-1, v * v)
        message = pairs @ tensor.view(-1, v * v).T
        ups.insert(0, (message / message.sum(1, keepdim=True)).view(n, -1, tensor.shape[0]))
    down = torch.full_like(ups[0], 1 / ups[0].shape[2])
    marginals = [ups[0]]
    for tensor, below in zip(dense, ups[1:], strict=True):
        children = below.view(-1, 2, v)
        pairs = (down.reshape(-1, tensor.shape[0]) @ tensor.view(-1, v * v)).view(-1, v, v)
        left = (pairs @ children[:, 1, :, None])[:, :, 0]
        right = (children[:, 0, None, :] @ pairs)[:, 0]
        down = torch.stack([left, right], dim=1).view(n, -1, v)
        down = down / down.sum(2, keepdim=True)
        marginal = down * below
        marginals.append(marginal / marginal.sum(2, keepdim=True))
    return marginals


def draws_torch(tables: list[torch.Tensor], messages: torch.Tensor, draws: int) -> list[torch.Tensor]:
    n, _, v = messages.shape
    ups, _ = upward(tables, messages)
    trees = [torch.multinomial(ups[0][:, 0], draws, replacement=True).T[:, :, None]]
    for table, below in zip(tables, ups[1:], strict=True):
        _, m, s = table.shape
        children = below.reshape(1, n, -1, s, v)
        tuples = table[trees[-1]]
        weight = 1.0
        for j in range(s):
            weight = weight * children[:, :, :, j].expand(draws, -1, -1, -1).gather(3, tuples[..., j])
        rule = torch.multinomial(weight.view(-1, m), 1).view(*weight.shape[:3], 1, 1).expand(-1, -1, -1, 1, s)
        trees.append(tuples.gather(3, rule).view(draws, n, -1))
    return trees


# What the machine can do.


def _multiply_adds(lanes: int, chains: int) -> Any:
    @intrinsic
    def spin(typing, steps, seed):
        def generate(context, builder, signature, arguments):
            steps, seed = arguments
            vector = ir.VectorType(ir.DoubleType(), lanes)
            value = ir.Constant(vector, ir.Undefined)
            for lane in range(lanes):
                value = builder.insert_element(value, seed, ir.Constant(ir.IntType(32), lane))
            totals = [cgutils.alloca_once_value(builder, value) for _ in range(chains)]
            with cgutils.for_range(builder, steps):
                for place in totals:
                    step = builder.fmul(builder.load(place), value, flags=("contract",))
                    builder.store(builder.fadd(step, value, flags=("contract",)), place)
            result = builder.load(totals[0])
            for place in totals[1:]:
                result = builder.fadd(result, builder.load(place))
            return builder.extract_element(result, ir.Constant(ir.IntType(32), 0))

        return numba.types.float64(numba.types.intp, numba.types.float64), generate

    @njit(parallel=True)
    def run(steps, threads, seed):
        out = np.empty(threads)
        for thread in prange(threads):
            out[thread] = spin(steps, seed)
        return out

    return run


@njit(parallel=True)
def _copy(source: np.ndarray, target: np.ndarray) -> None:
    for i in prange(source.size):
        target[i] = source[i]


def best(function: Any, *arguments: Any, repeats: int = 5) -> float:
    function(*arguments)
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(*arguments)
        spent.append(time.perf_counter() - start)
    return min(spent)


def machine_peak(threads: int) -> dict[str, float]:
    """Multiply-adds a second in the best of a few vector widths, and bytes read and written a second by a copy."""
    steps, rates = 2_000_000, []
    for lanes, chains in ((4, 12), (8, 12), (16, 6), (16, 12)):
        rates.append(steps * lanes * chains * threads / best(_multiply_adds(lanes, chains), steps, threads, 0.5))
    source = np.ones(2**25)
    return {
        "multiply_adds_per_s": max(rates),
        "copy_bytes_per_s": 2 * source.nbytes / best(_copy, source, np.empty_like(source)),
    }


# Measurements.


def in_turn(sides: dict[str, Any], repeats: int) -> dict[str, float]:
    """Best time of each side; the sides take turns, and the quick ones run several times at their turn."""
    spent: dict[str, list[float]] = {name: [] for name in sides}
    for run in sides.values():
        run()
    for _ in range(repeats):
        for name, run in sides.items():
            first = time.perf_counter()
            while True:
                start = time.perf_counter()
                run()
                spent[name].append(time.perf_counter() - start)
                if time.perf_counter() - first > 0.1:
                    break
    return {name: min(times) for name, times in spent.items()}


def largest_difference(beliefs: dict[int, np.ndarray], others: list[torch.Tensor]) -> float:
    return max(float(np.abs(beliefs[level] - other.numpy()).max()) for level, other in enumerate(others))


def measure_marginals(size: tuple[int, int, int, int], n: int, repeats: int, peak: dict[str, float]) -> dict[str, Any]:
    v, m, s, depth = size
    rules = random_rules(*size)
    messages = noised(rules, n)
    tables = [torch.as_tensor(np.array(table)) for table in rules.tables]
    double = torch.as_tensor(np.ascontiguousarray(messages))
    single = double.float()
    last = torch.as_tensor(np.ascontiguousarray(messages.transpose(1, 2, 0)))
    sides = {
        "regimes": lambda: belief_propagation(rules, messages),
        "torch": lambda: marginals_torch(tables, double),
        "torch, logarithms": lambda: marginals_torch_log(tables, double),
        "torch, float32": lambda: marginals_torch(tables, single),
        "torch, in parts": lambda: marginals_torch_in_parts(tables, double),
        "torch, samples last": lambda: marginals_torch_samples_last(tables, last),
    }
    if s == 2:
        dense = dense_rules(tables, v, torch.float64)
        sides["torch, dense rules"] = lambda: marginals_torch_dense(dense, double)
    ours = belief_propagation(rules, messages).marginals
    difference = {}
    for name, run in sides.items():
        if name != "regimes":
            result = run()
            turned = [r.permute(2, 0, 1) for r in result] if name == "torch, samples last" else result
            difference[name] = largest_difference(ours, turned)
    seconds = in_turn(sides, repeats)
    internal, nodes = (s**depth - 1) // (s - 1), (s ** (depth + 1) - 1) // (s - 1)
    operations = n * ((s * s - 1) * v * m * internal + 7 * v * nodes)
    traffic = 8 * n * v * (s**depth + nodes)
    return {
        "size": size,
        "batch": n,
        "seconds": seconds,
        "ratio": min(seconds["torch"], seconds["torch, logarithms"]) / seconds["regimes"],
        "ratios": {name: value / seconds["regimes"] for name, value in seconds.items()},
        "largest_difference": difference,
        "operations": operations,
        "traffic_bytes": traffic,
        "fraction_of_multiply_add_peak": operations / seconds["regimes"] / peak["multiply_adds_per_s"],
        "fraction_of_copy_bandwidth": traffic / seconds["regimes"] / peak["copy_bytes_per_s"],
    }


def measure_draws(size: tuple[int, int, int, int], n: int, draws: int, repeats: int) -> dict[str, Any]:
    rules = random_rules(*size)
    messages = noised(rules, n)
    tables = [torch.as_tensor(np.array(table)) for table in rules.tables]
    double = torch.as_tensor(np.ascontiguousarray(messages))
    seconds = in_turn(
        {
            "regimes": lambda: sample_posterior(rules, messages, draws=draws),
            "torch": lambda: draws_torch(tables, double, draws),
        },
        repeats,
    )
    return {
        "size": size,
        "batch": n,
        "draws": draws,
        "seconds": seconds,
        "ratio": seconds["torch"] / seconds["regimes"],
    }


def agreement_of_draws(size: tuple[int, int, int, int], n: int, draws: int = 8) -> dict[str, float]:
    """A drawn symbol has probability sum P^2 in the mean: deviation of both sides in standard errors."""
    rules = random_rules(*size)
    messages = noised(rules, n)
    marginals = belief_propagation(rules, messages).marginals
    torch.manual_seed(0)
    tables = [torch.as_tensor(np.array(table)) for table in rules.tables]
    by_torch = draws_torch(tables, torch.as_tensor(np.ascontiguousarray(messages)), draws)
    sides = {"regimes": sample_posterior(rules, messages, draws=draws), "torch": [tree.numpy() for tree in by_torch]}
    z = {}
    for name, trees in sides.items():
        excess = np.zeros(n)
        for level, tree in enumerate(trees):
            probability = np.take_along_axis(marginals[level][None], tree[..., None].astype(int), axis=3)[..., 0]
            excess += (probability - (marginals[level] ** 2).sum(axis=2)).mean(axis=(0, 2))
        z[name] = float(excess.mean() / (excess.std(ddof=1) / np.sqrt(n)))
    return z


def measure_depth(depths: tuple[int, ...], n: int, repeats: int) -> list[dict[str, float]]:
    """Best wall and processor time of marginals of all levels, all threads counted, for each leaf of each sample."""
    rows = []
    for depth in depths:
        rules = random_rules(8, 2, 2, depth)
        messages = noised(rules, n)
        belief_propagation(rules, messages)
        spent = []
        for _ in range(max(3, repeats, 2**12 // rules.leaves)):
            wall, processor = time.perf_counter(), time.process_time()
            belief_propagation(rules, messages)
            spent.append((time.perf_counter() - wall, time.process_time() - processor))
        wall, processor = (min(times) for times in zip(*spent, strict=True))
        per_leaf = 1e9 / (n * rules.leaves)
        rows.append(
            {
                "depth": depth,
                "leaves": rules.leaves,
                "batch": n,
                "seconds": wall,
                "ns_per_leaf": per_leaf * wall,
                "processor_ns_per_leaf": per_leaf * processor,
            }
        )
    return rows


_MEMORY = """
import sys
sys.path.insert(0, {folder!r})
from belief_propagation import belief_propagation, noised, numba, random_rules

def resident(field):
    for line in open("/proc/self/status"):
        if line.startswith(field):
            return 1024 * int(line.split()[1])

numba.set_num_threads({threads})
small = random_rules(4, 2, 2, 2)
belief_propagation(small, noised(small, 40))
rules = random_rules({v}, {m}, {s}, {depth})
messages = noised(rules, {n})
open("/proc/self/clear_refs", "w").write("5")  # the largest size is counted from here
before = resident("VmRSS:")
beliefs = belief_propagation(rules, messages)
print(before, resident("VmHWM:"), messages.nbytes, sum(array.nbytes for array in beliefs.marginals.values()))
"""


def measure_memory(size: tuple[int, int, int, int], n: int, threads: int) -> dict[str, float]:
    """Growth of the largest resident size (Linux) in a process of its own, marginals included, messages not."""
    v, m, s, depth = size
    folder = str(__file__).rpartition("/")[0] or "."
    script = _MEMORY.format(folder=folder, threads=threads, v=v, m=m, s=s, depth=depth, n=n)
    # Every array in pages of its own, so that none is taken from what earlier ones left.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    before, after, given, returned = map(int, output.split())
    values = n * v * s**depth
    return {
        "size": size,
        "batch": n,
        "peak_bytes": after - before,
        "peak_bytes_per_v_d": (after - before) / values,
        "of_which_marginals": returned / values,
        "message_bytes_per_v_d": given / values,
        "v2_m_bytes_per_v_d": 8 * v * m,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few repetitions and small depths: a check only")
    parser.add_argument("--repeats", type=int, default=7, help="turns of each side")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    repeats = 2 if chosen.quick else chosen.repeats
    torch.set_num_threads(chosen.threads)
    numba.set_num_threads(chosen.threads)
    peak = machine_peak(chosen.threads)
    print(f"load of the machine: {os.getloadavg()[0]:.2f} before")
    print(
        f"{chosen.threads} threads: {peak['multiply_adds_per_s'] / 1e9:.0f} G multiply-adds/s in registers, "
        f"{peak['copy_bytes_per_s'] / 1e9:.1f} GB/s copied (read + written)"
    )
    report: dict[str, Any] = {"threads": chosen.threads, "load_before": os.getloadavg()[0], "peak": peak}
    report |= {"marginals": [], "draws": [], "agreement_of_draws": []}
    for size, (batch, target, target_draws) in CASES.items():
        row = measure_marginals(size, batch, repeats, peak)
        report["marginals"].append(row)
        print(f"\n(v, m, s, L) = {size}, batch {batch}: marginals of all levels")
        for name, seconds in row["seconds"].items():
            print(f"  {name:22s}{1e3 * seconds:10.3f} ms", end="\n" if name == "regimes" else "")
            if name != "regimes":
                print(f"{row['ratios'][name]:8.1f} x, difference {row['largest_difference'][name]:.1e}")
        print(
            f"  against the faster of torch and torch in logarithms: {row['ratio']:.0f} (target {target}); "
            f"{100 * row['fraction_of_multiply_add_peak']:.0f}% of the multiply-add peak, "
            f"{100 * row['fraction_of_copy_bandwidth']:.0f}% of the copy rate"
        )
        for draws in (1, 16):
            row = measure_draws(size, batch, draws, repeats)
            report["draws"].append(row)
            print(
                f"  {draws:2d} draws: {1e3 * row['seconds']['regimes']:.3f} ms against "
                f"{1e3 * row['seconds']['torch']:.1f} ms, {row['ratio']:.0f} (target {target_draws})"
            )
        z = agreement_of_draws(size, batch)
        report["agreement_of_draws"].append(z)
        print(
            f"  probability of what was drawn, in standard errors from sum P^2: {z['regimes']:.1f} and {z['torch']:.1f}"
        )
    report["depth"] = measure_depth((4, 8) if chosen.quick else (4, 8, 10, 12, 14, 16), 32, repeats)
    print("\n(v, m, s) = (8, 2, 2), batch 32")
    for row in report["depth"]:
        print(
            f"  L = {row['depth']:2d}: {1e3 * row['seconds']:9.3f} ms, {row['ns_per_leaf']:6.1f} ns a leaf, "
            f"{row['processor_ns_per_leaf']:6.1f} of processor time"
        )
    print("\npeak memory of a call, bytes a sample over v d (a message: 8; v^2 m numbers a leaf would be 8 v m)")
    report["memory"] = [
        measure_memory(size, n, chosen.threads)
        for size, n in (((32, 8, 2, 8), 128), ((32, 8, 2, 8), 1024), ((16, 4, 2, 6), 8192), ((8, 2, 2, 16), 32))
    ]
    for row in report["memory"]:
        print(
            f"  {row['size']!s:16s} batch {row['batch']:5d}: {row['peak_bytes_per_v_d']:6.1f}, of which marginals "
            f"{row['of_which_marginals']:.1f} (8 v m = {row['v2_m_bytes_per_v_d']})"
        )
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
