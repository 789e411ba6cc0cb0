"""``regimes features``: which layers of a feature network change at which noise, from activations in files."""

from __future__ import annotations

import click

from regimes.cli.output import Output, emit, memory_bytes, memory_option, output_options, user_errors
from regimes.cli.values import names

__all__ = ["command"]


@click.command("features", short_help="Which layers of a network change at which noise, from U-turns in files.")
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option("--layers", metavar="A,B,...", help="Which, the shallowest first; all, as written, by default.")
@memory_option
@user_errors
@output_options
def command(files: tuple[str, ...], layers: str | None, memory: float, output: Output) -> None:
    """Find where each layer of a feature network changes under U-turns of a diffusion model, and how sharply.

    FILES are .npz files, or folders of them, with activations: start.LAYER at the points, in one file, and t with
    end.LAYER at their U-turns, channels second. A layer may be the images themselves.

    \b
    regimes features turns/
    regimes features turns.npz --layers stage1,logits --plot layers.png
    """
    from regimes.prediction.hierarchy.features.result import feature_transitions

    chosen = names(layers)
    emit(feature_transitions(*files, layers=chosen, memory=memory_bytes("feature_transitions", memory)), output)
