"""What pipelines of diffusers that sample flows do beside their scheduler: which steps they pass, where they begin."""

from __future__ import annotations

__all__ = ["counts_what_is_left", "spacing_of_pipeline"]

_PASSED = (
    *("Bria", "Chroma", "DreamLite", "ErnieImage", "Flux", "HunyuanImage", "HunyuanSkyreels", "HunyuanVideo", "Krea2"),
    *("LTX", "LongCat", "Lumina2", "Motif", "Nucleus", "OmniGen", "Ovis", "QwenImage", "VisualCloze", "ZImage"),
)
"""Families that pass equal steps to the data, 1 - i/N; the others leave the steps to the scheduler."""

_OWN = (
    *("AceStep", "CogView4", "Cosmos2", "EasyAnimate", "Flux2", "GlmImage", "HiDream", "HunyuanVideoFramepack"),
    *("Ideogram4", "LTX2DFR", "LTX2VideoDiffusion", "LTXCondition", "LTXI2VLong", "Mochi", "QwenImageLayered"),
    "StableAudio3",
)
"""Families with a rule of their own for steps or shift."""


def spacing_of_pipeline(name: str) -> str:
    """How a pipeline spaces the steps of its flow.

    Raises
    ------
    ValueError
        If it has a rule of its own.
    """
    if name.startswith(_OWN):
        raise ValueError(
            f"noise_schedule: a pipeline must leave steps and shift to its configuration, got {name}, which has rules "
            "of its own; give the sigmas that its scheduler has after a run in a file, or --spacing"
        )
    return "trailing" if name.startswith(_PASSED) else "linspace"


def counts_what_is_left(name: str | None) -> bool:
    """Whether video to video of a flow rounds the number of steps that are left, and not the first step, down."""
    return name is not None and name.startswith("Wan")
