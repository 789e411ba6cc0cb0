"""The random hierarchy model: rules, data, parsing and files against enumeration, counting and damage."""

import json
import os
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

import regimes
from regimes.hierarchy import (
    HierarchySample,
    latent_symbols,
    load_rules,
    parse_leaves,
    random_hierarchy,
    sample_hierarchy,
    save_rules,
)
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules


@st.composite
def parameters(draw):
    v, s = draw(st.integers(2, 7)), draw(st.integers(2, 4))
    L = draw(st.integers(1, 4 if s < 4 else 3))
    m = draw(st.integers(1, min(v ** (s - 1), 12)))
    classes = draw(st.none() | st.integers(1, min(v**s // m, 9)))
    return {"v": v, "m": m, "s": s, "L": L, "classes": classes, "rng": draw(st.integers(0, 2**32))}


def hierarchy(values):
    return random_hierarchy(
        Hierarchy(**{name: values[name] for name in ("v", "m", "s", "L", "classes")}), rng=values["rng"]
    )


def chi_square_tail(counts, expected):
    return chi2.sf(((counts - expected) ** 2 / expected).sum(), len(counts) - 1)


@given(parameters())
def test_rules_have_their_shapes_and_no_tuple_twice(values):
    rules = hierarchy(values)
    top = values["v"] if values["classes"] is None else values["classes"]
    assert (rules.v, rules.m, rules.s, rules.L, rules.classes) == (
        values["v"],
        values["m"],
        values["s"],
        values["L"],
        top,
    )
    for level, table in enumerate(rules.tables):
        assert table.shape == (rules.symbols(level), rules.m, rules.s)
        tuples = [tuple(rule) for symbol in table.tolist() for rule in symbol]
        assert len(set(tuples)) == len(tuples)
        assert {symbol for rule in tuples for symbol in rule} <= set(range(rules.v))


@given(parameters(), st.integers(1, 20), st.integers(0, 2**32))
def test_every_node_follows_a_rule_and_the_leaves_give_the_tree_back(values, n, seed):
    rules = hierarchy(values)
    sample = sample_hierarchy(rules, n, rng=seed)
    for level, table in enumerate(rules.tables):
        for parents, children in zip(sample.tree[level].tolist(), sample.tree[level + 1].tolist(), strict=True):
            for node, parent in enumerate(parents):
                assert children[rules.s * node : rules.s * (node + 1)] in table[parent].tolist()
    for parsed, drawn in zip(latent_symbols(rules, sample.leaves), sample.tree, strict=True):
        np.testing.assert_array_equal(parsed, drawn)


@given(parameters(), st.data())
def test_leaves_are_refused_where_enumeration_knows_no_class_for_them(values, data):
    values |= {"v": min(values["v"], 3), "m": min(values["m"], 2), "s": 2, "L": min(values["L"], 2), "classes": None}
    rules = hierarchy(values)
    known = {leaves: root for root in range(rules.classes) for leaves in grown(rules, root)}
    leaves = data.draw(st.tuples(*[st.integers(0, rules.v - 1)] * rules.leaves))
    if leaves in known:
        assert latent_symbols(rules, [leaves])[0].tolist() == [[known[leaves]]]
    else:
        with pytest.raises(ValueError, match="none does in sample 0 for node"):
            latent_symbols(rules, [leaves])


def grown(rules, root):
    """All leaves of one class, by recursion over the rules."""

    def below(level, symbol):
        if level == rules.L:
            return [(symbol,)]
        found = []
        for rule in rules.tables[level][symbol].tolist():
            parts = [below(level + 1, child) for child in rule]
            found += [sum(choice, ()) for choice in product(*parts)]
        return found

    return below(0, root)


def test_the_first_sample_that_no_rule_produces_is_named():
    rules = HierarchyRules([[[[0, 1]], [[1, 0]]], [[[0, 0]], [[1, 1]]]])
    good, above, below = [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 1]
    with pytest.raises(ValueError, match=r"none does in sample 2 for node 1 of level 1, whose children are \(0, 1\)"):
        latent_symbols(rules, [good, good, below])
    # Sample 1 fails at a higher level than sample 2, hence later on the way up; it still comes first.
    with pytest.raises(ValueError, match=r"none does in sample 1 for node 0 of level 0, whose children are \(0, 0\)"):
        latent_symbols(rules, [good, above, below])


@given(parameters(), st.integers(0, 2**32))
def test_leaves_with_mistakes_are_read_as_far_as_a_search_through_the_rules_reads_them(values, seed):
    rules = hierarchy(values)
    sample, source = sample_hierarchy(rules, 12, rng=seed), np.random.default_rng(seed)
    leaves = np.where(source.random(sample.leaves.shape) < 0.2, source.integers(0, rules.v, (1,)), sample.leaves)
    parsed = parse_leaves(rules, leaves)
    tree = [leaves.tolist()]
    for table in reversed(rules.tables):
        owner = {tuple(rule): symbol for symbol, own in enumerate(table.tolist()) for rule in own}
        pieces = range(0, len(tree[0][0]), rules.s)
        tree.insert(0, [[owner.get(tuple(row[i : i + rules.s]), -1) for i in pieces] for row in tree[0]])
    assert [symbols.tolist() for symbols in parsed.tree] == tree
    for level, (found, own) in enumerate(zip(tree, sample.tree, strict=True)):
        count = len(found[0])
        assert (parsed.valid[:, level] * count).round(9).tolist() == [sum(a >= 0 for a in row) for row in found]
        kept = [sum(a == b for a, b in zip(row, start, strict=True)) for row, start in zip(found, own, strict=True)]
        assert (parsed.kept(sample.tree)[:, level] * count).round(9).tolist() == kept


def test_what_is_kept_needs_a_tree_of_the_same_shape():
    rules = random_hierarchy(Hierarchy(2, 1, 2, 2))
    sample = sample_hierarchy(rules, 3)
    with pytest.raises(ValueError, match=r"^ParsedLeaves.kept: start must have levels of the shapes"):
        parse_leaves(rules, sample.leaves).kept(sample.tree[1:])


@pytest.mark.parametrize(
    ("leaves", "message"),
    [
        ([[0, 1, 0]], r"whole numbers of shape \(n, 4\), got int64 of shape \(1, 3\)"),
        ([[0.0, 1.0, 0.0, 1.0]], r"whole numbers of shape \(n, 4\), got float64"),
        ([[0, 1, 2, 0]], "the leaves must lie between 0 and 1, got 0 to 2"),
        (np.zeros((0, 4), int), "leaves must hold at least one data point, got none"),
        ([[0, 1, 0, 1], [0]], r"leaves must be one array of shape \(n, 4\), got rows of different lengths"),
        ([[0, 1, -1, 0]], "the leaves must lie between 0 and 1, got -1 to 1"),
    ],
)
def test_leaves_of_another_kind_are_refused(leaves, message):
    with pytest.raises(ValueError, match=r"^latent_symbols: .*" + message):
        latent_symbols(random_hierarchy(Hierarchy(2, 1, 2, 2)), leaves)


@pytest.mark.parametrize(("v", "m", "s", "classes"), [(3, 1, 2, 3), (3, 2, 2, 3), (4, 1, 2, 2)])
def test_every_assignment_of_tuples_to_symbols_is_equally_likely(v, m, s, classes):
    # The set of tuples of one symbol, and whether the draws of two symbols are exchangeable, by counting all sets.
    draws = 6000
    rng = np.random.default_rng(5)
    sets = {frozenset(chosen): i for i, chosen in enumerate(combinations(product(range(v), repeat=s), m))}
    counts = np.zeros((classes, len(sets)))
    for _ in range(draws):
        table = random_hierarchy(Hierarchy(v, m, s, 1, classes), rng=rng).tables[0]
        for symbol in range(classes):
            counts[symbol, sets[frozenset(map(tuple, table[symbol].tolist()))]] += 1
    for symbol in range(classes):
        assert 1e-4 < chi_square_tail(counts[symbol], draws / len(sets)) < 1 - 1e-4


def test_pairs_of_rules_are_drawn_without_replacement():
    # Joint law of the rules of two symbols: uniform over ordered pairs of different tuples.
    rng = np.random.default_rng(6)
    counts = np.zeros((9, 9))
    draws = 14400
    for _ in range(draws):
        first, second = random_hierarchy(Hierarchy(3, 1, 2, 1, 2), rng=rng).tables[0][:, 0] @ [3, 1]
        counts[first, second] += 1
    assert np.all(np.diag(counts) == 0)
    assert 1e-4 < chi_square_tail(counts[~np.eye(9, dtype=bool)], draws / 72) < 1 - 1e-4


def test_many_tuples_beyond_any_integer_type_are_uniform_symbol_by_symbol():
    rules = random_hierarchy(Hierarchy(64, 8, 16, 3), rng=7)  # v^s = 2^96
    for table in rules.tables:
        for child in range(16):
            counts = np.bincount(table[:, :, child].ravel(), minlength=64)
            assert 1e-5 < chi_square_tail(counts, 8.0) < 1 - 1e-5
    sample = sample_hierarchy(rules, 3, rng=8)
    assert all(np.array_equal(a, b) for a, b in zip(latent_symbols(rules, sample.leaves), sample.tree, strict=True))


def test_all_tuples_can_be_used():
    rules = random_hierarchy(Hierarchy(3, 9, 3, 2), rng=1)
    assert {tuple(rule) for rule in rules.tables[1].reshape(-1, 3).tolist()} == set(product(range(3), repeat=3))
    assert random_hierarchy(Hierarchy(2, 2, 2, 1, 2)).tables[0].reshape(-1, 2).tolist() != [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
    ]


def test_classes_and_rules_are_chosen_uniformly():
    rules = random_hierarchy(Hierarchy(6, 3, 2, 2, 5), rng=2)
    sample = sample_hierarchy(rules, 30000, rng=3)
    assert 1e-4 < chi_square_tail(np.bincount(sample.labels, minlength=5), 6000.0) < 1 - 1e-4
    # Every class has 3 x 3 x 3 data points, equally likely.
    own = sample.leaves[sample.labels == 4]
    counts = np.unique(own, axis=0, return_counts=True)[1]
    assert len(counts) == 27
    assert 1e-4 < chi_square_tail(counts, len(own) / 27) < 1 - 1e-4


def test_seeds():
    one, other = (random_hierarchy(Hierarchy(8, 3, 2, 4), rng=5) for _ in range(2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one.tables, other.tables, strict=True))
    assert not np.array_equal(one.tables[1], random_hierarchy(Hierarchy(8, 3, 2, 4), rng=6).tables[1])
    first, second = (sample_hierarchy(one, 50, rng=5) for _ in range(2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first.tree, second.tree, strict=True))
    generator = np.random.default_rng(5)
    later = [sample_hierarchy(one, 50, rng=generator).leaves for _ in range(2)]
    assert not np.array_equal(*later)


def test_given_classes():
    rules = random_hierarchy(Hierarchy(4, 2, 2, 3), rng=1)
    sample = sample_hierarchy(rules, 4, root=np.array([3, 0, 0, 2], dtype=np.uint8))
    assert sample.labels.tolist() == [3, 0, 0, 2]
    for bad, message in (
        ([0, 1], r"shape \(4,\), got int64 of shape \(2,\)"),
        ([0.0] * 4, "got float64"),
        ([0, 1, 2, 4], "the classes must lie between 0 and 3, got 0 to 4"),
    ):
        with pytest.raises(ValueError, match=message):
            sample_hierarchy(rules, 4, root=bad)


@given(parameters(), st.integers(1, 12))
def test_arrays_of_numbers_hold_the_symbols(values, n):
    sample = sample_hierarchy(hierarchy(values), n, rng=4)
    one_hot, v = sample.one_hot(), sample.rules.v
    assert one_hot.shape == (n, sample.d, v)
    np.testing.assert_array_equal(one_hot.argmax(axis=2), sample.leaves)
    assert set(np.unique(one_hot)) == {0.0, 1.0}
    assert np.all(one_hot.sum(axis=2) == 1)
    np.testing.assert_array_equal(sample.flat(center=False), one_hot.reshape(n, sample.d * v))
    np.testing.assert_allclose(sample.flat().reshape(n, sample.d, v).sum(axis=2), 0, atol=1e-14)
    np.testing.assert_array_equal(sample.flat(), sample.flat(center=False) - 1 / v)


def test_predict_takes_the_arrays_and_the_data_set():
    sample = sample_hierarchy(random_hierarchy(Hierarchy(4, 2, 2, 3), rng=1), 400, rng=2)
    options = {"t": np.geomspace(0.05, 4, 12), "probes": 100, "groups": 2}
    from_arrays = regimes.predict(sample.flat(), sample.labels, **options)
    from_data = regimes.predict(sample.dataset(), **options)
    keys = ("collapse.point_time", "speciation.class_time_memorised")
    collapse, speciation = (from_data[key].value for key in keys)
    assert [collapse, speciation] == pytest.approx([from_arrays[key].value for key in keys], rel=1e-6)
    assert 0 < collapse < speciation
    assert from_arrays.problem.d == 8 * 4
    assert from_arrays.problem.classes == ["0", "1", "2", "3"]
    # Lambda is measured on the scale of the one-hot vectors.
    covariance = np.cov(sample.one_hot().reshape(400, -1), rowvar=False)
    assert from_data["speciation.sample_Lambda"].value == pytest.approx(np.linalg.eigvalsh(covariance)[-1], rel=1e-9)


def test_a_data_set_leaves_classes_without_points_out():
    sample = sample_hierarchy(random_hierarchy(Hierarchy(4, 2, 2, 3), rng=1), 6, root=[3, 3, 1, 1, 1, 3])
    data = sample.dataset(scale="standard", name="mine")
    assert (data.name, data.classes, data.labels.tolist()) == ("mine", ("1", "3"), [1, 1, 0, 0, 0, 1])
    assert data.preprocessing.mean_variance == pytest.approx(1)


def test_a_sample_that_is_no_tree_is_refused():
    rules = random_hierarchy(Hierarchy(4, 2, 2, 2))
    tree = sample_hierarchy(rules, 3).tree
    with pytest.raises(ValueError, match=r"L \+ 1 = 3 levels, got 2"):
        HierarchySample(rules, tree[:2])
    with pytest.raises(ValueError, match=r"level 2 of the tree must be whole numbers of shape \(3, 4\), got float64"):
        HierarchySample(rules, (*tree[:2], tree[2] * 1.0))
    with pytest.raises(ValueError, match=r"the symbols of level 1 must lie between 0 and 3, got \d to \d"):
        HierarchySample(rules, (tree[0], tree[1] + 4, tree[2]))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Hierarchy(2**31 + 1, 1, 2, 2), r"v \(number of symbols\) must be at most 2\^31"),
        (Hierarchy(2**20, 2**20, 2, 2), "would take .* GiB, more than memory = 4 GiB"),
        (Hierarchy(4, 2, 2, 10**12), "would take .* GiB, more than memory = 4 GiB"),
        (4, r"hierarchy must be a Hierarchy, got int; make it of v, m, s, L and classes: Hierarchy\(32, 8\)"),
    ],
)
def test_bad_parameters(model, message):
    with pytest.raises(ValueError, match=r"^random_hierarchy: .*" + message):
        random_hierarchy(model)


def test_data_that_cannot_be_held_are_refused():
    rules = random_hierarchy(Hierarchy(4, 2, 2, 30))
    with pytest.raises(
        ValueError,
        match=r"^sample_hierarchy: 5 trees of 2147483647 symbols would take .* GiB, more than .*"
        "; take fewer points or levels, or raise memory$",
    ):
        sample_hierarchy(rules, 5)
    with pytest.raises(ValueError, match=r"1 trees of 2\^4000 and more symbols would take 1e\+300 GiB and more"):
        sample_hierarchy(random_hierarchy(Hierarchy(2, 2, 2, 4000)), 1)
    with pytest.raises(ValueError, match=r"n \(number of data points\) must be at least 1, got 0"):
        sample_hierarchy(rules, 0)
    sample = sample_hierarchy(random_hierarchy(Hierarchy(4, 2, 2, 3)), 10)
    with pytest.raises(ValueError, match=r"^one_hot: an array of shape \(10, 8, 4\) would take"):
        sample.flat(memory=100)


@given(values=parameters())
def test_rules_come_back_from_a_file(values, tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.json"
    rules = hierarchy(values)
    save_rules(rules, path)
    loaded = load_rules(path)
    assert loaded.v == rules.v
    for one, other in zip(loaded.tables, rules.tables, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    content = json.loads(path.read_text())
    assert content["schema"] == "regimes.hierarchy-rules"
    assert [content[key] for key in ("version", "v", "m", "s", "L")] == [1, rules.v, rules.m, rules.s, rules.L]


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "rules.json"
    save_rules(random_hierarchy(Hierarchy(4, 2, 2, 3), rng=1), path)
    return path


def test_no_part_of_a_file_passes_for_rules(saved):
    text = saved.read_text()
    for length in range(0, len(text.rstrip()), 3):
        saved.write_text(text[:length])
        with pytest.raises(ValueError, match=r"^load_rules: .*(is not a rules file|is a damaged rules file)"):
            load_rules(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "other"}, 'is not a rules file .its schema is not "regimes.hierarchy-rules"'),
        ({"version": 2}, "has version 2, and this release reads version 1"),
        ({"version": None}, "has version None"),
        ({"v": 5}, r"the table of level 1 must have shape \(5, 2, 2\), got \(4, 2, 2\)"),
        ({"m": 3}, "the header must describe the tables, got m = 3 for tables with m = 2"),
        ({"L": 2}, "got L = 2 for tables with L = 3"),
        ({"classes": 3}, "got classes = 3 for tables with classes = 4"),
        ({"s": "2"}, "s must be a whole number, got '2'"),
        ({"s": True}, "s must be a whole number, got True"),
        ({"L": None}, "L must be a whole number, got None"),
        ({"tables": "none"}, "tables must be a list with one table a level, got str"),
        ({"tables": []}, "at least one level of rules is needed"),
        ({"tables": [[[[0, 4]]]]}, "must lie between 0 and 3, got 4"),
        ({"tables": [[[[0, 0.5]]]]}, "is a damaged rules file .whole numbers are expected, got 0.5"),
        ({"tables": [[[[0, float("nan")]]]]}, "whole numbers are expected, got NaN"),
        ({"tables": [[[[0, None]]]]}, "symbols in tables must be whole numbers, got null$"),
        ({"tables": [[[[0, "a"]]]]}, 'symbols in tables must be whole numbers, got "a"$'),
        ({"tables": [[[[0, 1]], [[1, True]]]]}, "symbols in tables must be whole numbers, got true$"),
        ({"tables": [[[[0, 1]], {"1": 0}]]}, r"symbols in tables must be whole numbers, got \{"),
        ({"version": True}, "has version True"),
        ({"tables": [[[[0, 10**30]]]]}, "must hold whole numbers"),
        ({"tables": [[[[0, 1]], [[0, 1]]]]}, "the rules of level 0 are ambiguous"),
        ({"tables": [[[[0, 1]], [[0]]]]}, "must be a regular array"),
        ({"tables": {"0": 1}}, "tables must be a list"),
    ],
)
def test_rules_files_that_are_wrong(saved, change, message):
    saved.write_text(json.dumps(json.loads(saved.read_text()) | change))
    with pytest.raises(ValueError, match=r"^load_rules: .*" + message):
        load_rules(saved)


def test_a_byte_order_mark_is_no_part_of_the_rules(saved):
    rules = load_rules(saved)
    saved.write_bytes(b"\xef\xbb\xbf" + saved.read_bytes())
    for one, other in zip(load_rules(saved).tables, rules.tables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_takes_rules_takes_nothing_else(tmp_path):
    for call in (
        lambda wrong: save_rules(wrong, tmp_path / "rules.json"),
        lambda wrong: sample_hierarchy(wrong, 5),
        lambda wrong: latent_symbols(wrong, [[0, 1]]),
        lambda wrong: parse_leaves(wrong, [[0, 1]]),
        lambda wrong: HierarchySample(wrong, ()),
    ):
        for wrong in (None, [1], 5):
            with pytest.raises(ValueError, match="rules must be HierarchyRules, got"):
                call(wrong)
    assert list(tmp_path.iterdir()) == []
    for call in (load_rules, lambda path: save_rules(random_hierarchy(Hierarchy(2, 1, 2, 1)), path)):
        with pytest.raises(ValueError, match="_rules: path must be the path of a rules file, got 5"):
            call(5)


def test_a_sample_shows_its_numbers_on_one_line():
    sample = sample_hierarchy(random_hierarchy(Hierarchy(32, 8, 2, 8)), 20)
    assert repr(sample) == "HierarchySample(n=20, rules=HierarchyRules(v=32, m=8, s=2, L=8, classes=32))"


def test_what_is_no_rules_file(tmp_path):
    with pytest.raises(ValueError, match=r"^load_rules: .*cannot be read \(No such file or directory\)"):
        load_rules(tmp_path / "missing.json")
    with pytest.raises(ValueError, match=r"cannot be read \(Is a directory\)"):
        load_rules(tmp_path)
    for content in (b"\x80\x04\x95", b"[1, 2]", b"3", b"", b"v,m,s\n1,2,3", b"[" * 100000):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(ValueError, match="is not a rules file"):
            load_rules(tmp_path / "other")


def test_a_file_is_written_whole_or_not_at_all(saved, monkeypatch):
    before = saved.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    monkeypatch.setattr(type(saved), "replace", fail)
    with pytest.raises(ValueError, match=r"^save_rules: cannot write .* \(No space left on device\); choose another"):
        save_rules(random_hierarchy(Hierarchy(3, 1, 2, 2)), saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["rules.json"]


def test_places_that_cannot_be_written(saved):
    with pytest.raises(ValueError, match=r"^save_rules: .* is a folder"):
        save_rules(random_hierarchy(Hierarchy(2, 1, 2, 1)), saved.parent)
    with pytest.raises(ValueError, match=r"^save_rules: cannot write to folder .* \(it does not exist\)"):
        save_rules(random_hierarchy(Hierarchy(2, 1, 2, 1)), saved.parent / "missing" / "rules.json")
