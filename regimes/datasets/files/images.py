"""From encoded images to one array: sizes, channels, depth, orientation; what is broken or odd is named."""

from __future__ import annotations

import logging
import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.extras import library
from regimes.datasets.points.blocks import held_bytes
from regimes.numerics.interface.checks import check_memory
from regimes.numerics.interface.progress import Progress, silent

__all__ = ["Picture", "Pixels", "image_size", "is_encoded", "read_pictures"]

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""What Pillow decodes by itself: others, such as PostScript, run programs."""
_BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")
_GREY = {"1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N", "I"}
_SIXTEEN = {"I;16", "I;16L", "I;16B", "I;16N", "I"}
_ALPHA = {"LA", "La", "PA", "RGBA", "RGBa"}
_PRINTED = {"CMYK", "LAB"}
_ORIENTATION = 0x0112
_QUIET = logging.NullHandler()
_TURNED = {5, 6, 7, 8}
_NAMED = 5
_FLOAT, _DEEPER = "32-bit values", "values beyond 16 bits"


@dataclass(frozen=True)
class Picture:
    """An image that was not opened yet."""

    name: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, eq=False)
class Pixels:
    """Images of one size as an array (n, height, width, channels), which of those given they are, and what was done."""

    values: NDArray[Any]
    kept: list[int]
    known_range: tuple[float, float]
    description: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Header:
    """What an image says of itself before it is decoded; the size is that after it was turned upright."""

    size: tuple[int, int]
    grey: bool
    sixteen: bool
    alpha: bool
    printed: bool
    turned: bool
    coarse: bool


def is_encoded(content: Any) -> bool:
    """Whether bytes begin as a file of a photograph or a drawing does."""
    return isinstance(content, bytes) and content.startswith(_BEGINNINGS)


def image_size(given: int | str | tuple[int, int]) -> tuple[int, int]:
    """Height and width from ``64``, ``"64"``, ``"48x64"`` or ``(48, 64)``."""
    text = "x".join(map(str, given)) if isinstance(given, tuple | list) else str(given)
    found = re.fullmatch(r"(\d{1,6})(?:x(\d{1,6}))?", text.strip().lower())
    height, width = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if height < 1 or width < 1:
        raise ValueError(
            f"load_dataset: resize must be a number of pixels, or HEIGHTxWIDTH, got {text!r}; give 64 or 48x64"
        )
    return height, width


def read_pictures(
    pictures: Sequence[Picture],
    where: str,
    *,
    resize: int | str | tuple[int, int] | None = None,
    skip_broken: bool = False,
    memory: int,
    report: Progress = silent,
) -> Pixels:
    """Decode images to one size; first all headers, so that what cannot be is known before anything is decoded.

    With ``resize`` each image is cropped about its centre to the shape asked for and resized (bicubic). Alpha is
    dropped and the colours below it stay, as ``Image.convert("RGB")`` does. Grey among colour gets three channels.
    """
    if len(pictures) == 1:
        raise ValueError(
            f"load_dataset: a data set must have at least two images, got one ({pictures[0].name} in {where}); give "
            "its folder, a pattern such as 'folder/*.png', or a zip archive"
        )
    size = None if resize is None else image_size(resize)
    library("PIL.Image", "images", of="Pillow").init()  # all formats are known to it only then
    logging.getLogger("PIL").addHandler(_QUIET)  # it prints what it finds wrong with a file
    headers: dict[int, _Header] = {}
    broken: dict[int, str] = {}
    for place, picture in enumerate(pictures):
        report("headers of images", place, len(pictures))
        found = _tried(_header, picture)
        if isinstance(found, str):
            broken[place] = found
        else:
            headers[place] = found
    if size is None:
        _one_size(headers, broken, pictures, where, skip_broken)
    height, width = size or (next(iter(headers.values())).size if headers else (1, 1))
    channels = 1 if all(each.grey for each in headers.values()) else 3
    deep = bool(headers) and all(each.sixteen for each in headers.values())
    mixed = not deep and any(each.sixteen for each in headers.values())
    what = f"{len(headers)} images of {height} x {width} pixels in {channels} channel{'s' * (channels > 1)}"
    shape = len(headers), height, width, channels
    dtype = np.dtype(np.uint16 if deep else np.float32 if mixed else np.uint8)
    check_memory("load_dataset", what, held_bytes(shape, dtype), memory, "resize them")
    values = np.empty(shape, dtype)
    kept: list[int] = []
    for place, header in headers.items():
        report("images", place, len(pictures))
        decoded = _tried(_decoded, pictures[place], (height, width), channels, header, None if deep else 257)
        if isinstance(decoded, str):
            broken[place] = decoded
        else:
            values[len(kept)] = decoded
            kept.append(place)
    if broken and set(broken.values()) <= {_FLOAT, _DEEPER} and (not skip_broken or not kept):
        raise ValueError(
            f"load_dataset: images must have 8 or 16 bits, got {len(broken)} of {len(pictures)} in {where} of more: "
            f"{_named(broken, pictures)}; convert them, or give them as one array (.npy)"
        )
    if broken and not skip_broken:
        raise ValueError(
            f"load_dataset: every image must be whole and still, got {len(broken)} of {len(pictures)} in {where} that "
            f"{'are' if len(broken) > 1 else 'is'} not: {_named(broken, pictures)}; repair them, or leave them out "
            "with --skip-broken (skip_broken=True)"
        )
    if not kept:
        raise ValueError(f"load_dataset: there must be images that can be read, got none in {where}")
    known = [headers[place] for place in kept]
    return Pixels(
        values=values[: len(kept)],
        kept=kept,
        known_range=(0.0, 65535.0 if deep else 255.0),
        description=_description(known, (height, width), channels),
        notes=tuple(_notes(known, mixed, channels, broken, pictures)),
    )


def _tried(step: Callable[..., Any], picture: Picture, *arguments: Any) -> Any:
    """What a step gives for an opened image, or why it gives nothing: decoders raise anything on altered bytes."""
    image_library = library("PIL.Image", "images", of="Pillow")
    formats = [each for each in _FORMATS if each in image_library.OPEN]  # WebP is no part of every build
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", image_library.DecompressionBombWarning)
            with picture.open() as stream, image_library.open(stream, formats=formats) as image:
                return step(image, *arguments)
    except image_library.UnidentifiedImageError:
        return "no image"
    except (image_library.DecompressionBombError, image_library.DecompressionBombWarning):
        return f"more than {image_library.MAX_IMAGE_PIXELS} pixels"
    except _OddError as error:
        return str(error)
    except Exception:
        return "damaged"


class _OddError(ValueError):
    """An image that is whole and yet none of a data set of images."""


def _header(image: Any) -> _Header:
    """The header of an image; a PNG is not decoded for an orientation that it hardly ever has."""
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise _OddError(f"{image.n_frames} frames")
    if image.mode == "F":
        raise _OddError(_FLOAT)
    looks = image.format != "PNG" or "exif" in image.info
    orientation = image.getexif().get(_ORIENTATION, 1) if looks else 1
    height, width = image.height, image.width
    return _Header(
        size=(width, height) if orientation in _TURNED else (height, width),
        grey=image.mode in _GREY or (image.mode == "P" and _grey_palette(image)),
        sixteen=image.mode in _SIXTEEN,
        alpha=image.mode in _ALPHA or "transparency" in image.info,
        printed=image.mode in _PRINTED,
        turned=orientation in range(2, 9),
        coarse=any("16" in str(tile[3]) for tile in image.tile) and image.mode not in _SIXTEEN,
    )


def _grey_palette(image: Any) -> bool:
    red, green, blue = (image.getpalette("RGB")[channel::3] for channel in range(3))
    return bool(red == green == blue)


def _decoded(image: Any, size: tuple[int, int], channels: int, header: _Header, divisor: int | None) -> NDArray[Any]:
    """Values (height, width, channels); those of 16 bits among others of 8 are divided by 257, so that white is 255."""
    operations = library("PIL.ImageOps", "images", of="Pillow")
    upright = operations.exif_transpose(image) if header.turned else image
    if header.sixteen:
        upright = upright.convert("F")
        low, high = upright.getextrema()
        if low < 0 or high > 65535:
            raise _OddError(_DEEPER)
    else:
        upright = upright.convert("L" if header.grey else "RGB")
        upright = upright if channels == 1 or not header.grey else upright.convert("RGB")
    height, width = size
    if upright.size != (width, height):
        upright = operations.fit(upright, (width, height), method=3)  # bicubic
    values = np.asarray(upright)
    if header.sixteen:
        values = np.clip(values, 0, 65535) / (divisor or 1)
        values = values if divisor else np.rint(values)
    return values if values.ndim == 3 else np.broadcast_to(values[:, :, None], (height, width, channels))


def _one_size(
    headers: dict[int, _Header], broken: dict[int, str], pictures: Sequence[Picture], where: str, skip_broken: bool
) -> None:
    """Refuse images of several sizes; those unlike more than half of them count as broken where these are skipped."""
    sizes = Counter(header.size for header in headers.values())
    if len(sizes) < 2:
        return
    (usual, count), *_ = sizes.most_common()
    odd = {place: _size(header.size) for place, header in headers.items() if header.size != usual}
    if skip_broken and 2 * count > len(headers):
        for place, text in odd.items():
            broken[place] = text
            del headers[place]
        return
    raise ValueError(
        f"load_dataset: all images must have one size, got {len(sizes)} sizes in {where}: {_size(usual)} of {count} "
        f"and others of {len(odd)} ({_named(odd, pictures)}); give --resize N or HEIGHTxWIDTH (resize=)"
    )


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _named(reasons: dict[int, str], pictures: Sequence[Picture]) -> str:
    """A few names with reasons, and how many more there are."""
    places = sorted(reasons)
    shown = ", ".join(f"{pictures[place].name} ({reasons[place]})" for place in places[:_NAMED])
    return shown + (f" and {len(places) - _NAMED} more" if len(places) > _NAMED else "")


def _description(headers: list[_Header], size: tuple[int, int], channels: int) -> str:
    """Size and kind of the images, and what was done to make them so."""
    resized, turned = sum(each.size != size for each in headers), sum(each.turned for each in headers)
    done = [f"{resized} cropped about the centre and resized"] if resized else []
    done += [f"{turned} turned upright by EXIF"] if turned else []
    return f"{_size(size)} {'grey' if channels == 1 else 'colour'} images" + (f" ({', '.join(done)})" if done else "")


def _notes(
    headers: list[_Header], mixed: bool, channels: int, broken: dict[int, str], pictures: Sequence[Picture]
) -> list[str]:
    """What some images lost or got, which can be seen in no number, and those that were left out."""
    told = {
        "have an alpha channel, which was dropped: the colours below it stay": sum(each.alpha for each in headers),
        "were converted from CMYK or LAB without their profile": sum(each.printed for each in headers),
        "are grey and were given three equal channels": sum(each.grey for each in headers) if channels == 3 else 0,
        "have 16 bits where others have 8: divided by 257": sum(each.sixteen for each in headers) if mixed else 0,
        "have 16 bits a colour, of which 8 were read": sum(each.coarse for each in headers),
    }
    notes = [f"{count} of {len(headers)} images {what}" for what, count in told.items() if count]
    if broken:
        notes.append(f"left out {len(broken)} of {len(pictures)} images: {_named(broken, pictures)}")
    return notes
