"""Where simulations run, and in which precision."""

from __future__ import annotations

import torch

__all__ = ["choose_device", "choose_dtype"]


def choose_device(device: str | torch.device | None = None) -> torch.device:
    """Choose where to compute.

    Parameters
    ----------
    device : str or torch.device, optional
        A name that torch knows, ``"cpu"`` or ``"cuda:1"`` for instance; the GPU if torch sees one, else the CPU, by
        default or for ``"auto"``.

    Returns
    -------
    torch.device
        The device.

    Raises
    ------
    ValueError
        If torch knows no such device or cannot compute on it.

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    """
    if device is None or device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except (RuntimeError, TypeError):
        raise ValueError(
            f"choose_device: device must be 'auto', 'cpu', 'cuda' or another name that torch knows, got {device!r}"
        ) from None
    try:
        torch.zeros(1, device=chosen).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).split("\n")[0].split(". ")[0] or type(error).__name__
        raise ValueError(
            f"choose_device: device {str(chosen)!r} must be one on which torch can compute, got: {reason}; use 'auto' "
            "or 'cpu'"
        ) from None
    return chosen


def choose_dtype(dtype: str | torch.dtype | None = None) -> torch.dtype:
    """Choose the precision."""
    for name, known in (("float32", torch.float32), ("float64", torch.float64)):
        if dtype == name or dtype is known:
            return known
    if dtype is None:
        return torch.float32
    raise ValueError(f"choose_dtype: dtype must be 'float32' or 'float64', got {dtype!r}")
