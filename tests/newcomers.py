"""Files as newcomers have them, for the documentation: pictures, tables, a Hugging Face folder, latents, samples."""

import json

import numpy as np


def write_files(folder):
    """Write ``photos/``, ``sd/``, flowers, gaps, ``hf_digits/``, latents, samples, checkpoints, losses, eigenvalues."""
    import pyarrow as pa
    import pyarrow.parquet

    from regimes.datasets.points.builtin import load_builtin

    digits, iris = load_builtin("digits"), load_builtin("iris")
    kept = np.isin(digits.labels, [0, 7])
    images = np.rint(digits.values[kept] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)
    labels = np.asarray(digits.labels)[kept]
    _write_pictures(folder / "photos", images, labels)
    _write_scheduler(folder / "sd" / "scheduler")
    _write_hugging_face(folder / "hf_digits", images, (labels == 7).astype(int))
    columns = {f"width {column}": iris.values[:, column] for column in range(4)}
    species = [iris.class_names[label] for label in iris.labels]
    pa.parquet.write_table(pa.table({**columns, "species": species}), folder / "flowers.parquet")
    _write_tables(folder, iris.values, species)
    _write_samples(folder, digits.values)
    _write_losses(folder, digits.values / 8)
    np.savetxt(folder / "eigenvalues.txt", np.column_stack([[4.0, 1.0, 0.25], [10, 40, 50]]))
    latents = np.random.default_rng(0).normal(size=(40, 4, 32, 32)) * np.linspace(0.5, 2, 32)
    _write_safetensors(folder / "latents.safetensors", latents.astype("<f4"))


def _write_samples(folder, values):
    """Samples as of a model of the digits, of which more and more are points with a little noise."""
    rng = np.random.default_rng(0)
    mean, root = values.mean(axis=0), np.linalg.cholesky(np.cov(values.T) + 1e-6 * np.eye(values.shape[1]))
    (folder / "checkpoints").mkdir()
    for step, copies in ((1000, 0), (4000, 6), (16000, 20)):
        samples = mean + rng.standard_normal((200, values.shape[1])) @ root.T
        samples[:copies] = values[rng.choice(len(values), copies)] + 0.1 * rng.standard_normal(
            (copies, values.shape[1])
        )
        np.save(folder / "checkpoints" / f"step{step}.npy", samples)
    np.save(folder / "samples.npy", samples)


def _write_losses(folder, values):
    """Points of a training, and the losses on them and on others of a model that takes them for Gaussian."""
    rng = np.random.default_rng(0)
    train, test = np.split(values[rng.permutation(len(values))], [1400])
    mean, snr = train.mean(axis=0), np.geomspace(1e-4, 2000, 30)
    variances, axes = np.linalg.eigh(np.cov(train.T) + 1e-3 * np.eye(values.shape[1]))
    rows = ["snr,train_loss,train_se,test_loss,test_se", f"0,{train.var(axis=0).sum()},0,{_spread(test - mean)},0"]
    for ratio in snr:
        each = []
        for part in (train, test):
            noise = rng.normal(size=part.shape)
            weight = variances / (variances + 1 / ratio)
            left = ((part - mean) @ axes) * (1 - weight) - (noise @ axes) * weight / np.sqrt(ratio)
            loss = (left**2).sum(axis=1)
            each += [loss.mean(), loss.std() / np.sqrt(len(loss))]
        rows.append(",".join(map(str, [ratio, *each])))
    (folder / "losses.csv").write_text("\n".join(rows))
    np.save(folder / "train.npy", train)


def _spread(values):
    return (values**2).sum(axis=1).mean()


def _write_tables(folder, values, species):
    """A counter of rows, semicolons and decimal commas; the second without a counter and with a cell missing."""
    rows = [[f"{value:.1f}".replace(".", ",") for value in row] for row in values]
    names = "sepal length;sepal width;petal length;petal width;species"
    lines = [";".join([*row, kind]) for row, kind in zip(rows, species, strict=True)]
    numbered = [f"{place};{line}" for place, line in enumerate(lines, 1)]
    (folder / "flowers.csv").write_text("\n".join([";" + names, *numbered]))
    lines[7] = lines[7].replace(rows[7][2], "NA", 1)
    (folder / "gaps.csv").write_text("\n".join([names, *lines]))


def _write_scheduler(folder):
    """The configuration of the sampler of Stable Diffusion."""
    folder.mkdir(parents=True)
    config = {"_class_name": "PNDMScheduler", "beta_schedule": "scaled_linear"}
    config |= {"beta_start": 0.00085, "beta_end": 0.012, "num_train_timesteps": 1000}
    config |= {"set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1}
    (folder / "scheduler_config.json").write_text(json.dumps(config))


def _write_pictures(folder, images, labels):
    from PIL import Image

    for label in np.unique(labels):
        (folder / str(label)).mkdir(parents=True)
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        Image.fromarray(image).save(folder / str(label) / f"{place:04}.png")


def _write_hugging_face(folder, images, labels):
    """The layout that ``Dataset.save_to_disk`` writes: Arrow's streaming format, and what it holds in JSON."""
    import io

    import pyarrow as pa
    from PIL import Image

    cells = []
    for image in images:
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "PNG")
        cells.append({"bytes": stream.getvalue(), "path": None})
    folder.mkdir()
    table = pa.table({"image": cells, "label": labels})
    with pa.ipc.new_stream(folder / "data-00000-of-00001.arrow", table.schema) as file:
        file.write_table(table)
    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["zero", "seven"]}}
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))


def _write_safetensors(path, values):
    """A length, a header in JSON, the values."""
    place = {"dtype": "F32", "shape": values.shape, "data_offsets": [0, values.nbytes]}
    header = json.dumps({"latents": place}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + values.tobytes())
