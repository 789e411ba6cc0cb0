"""What a pickle of torch.save describes, followed step by step: no name in it is ever imported, nothing called."""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import Any

__all__ = ["Tensor", "read_description"]

_STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "BFloat16Storage": "u2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
_LATER = {"torch.uint16": "u2", "torch.uint32": "u4", "torch.uint64": "u8"}
_MARK = object()


@dataclass(frozen=True)
class Tensor:
    """A view of a storage: values of a kind, from ``offset`` on, ``strides`` values apart; nothing of it is read."""

    storage: str
    kind: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    bfloat16: bool = False


@dataclass(frozen=True)
class _Name:
    """A name in the pickle, as text."""

    text: str


@dataclass(frozen=True)
class _Storage:
    key: str
    kind: str


def read_description(pickled: bytes, where: str) -> Any:
    """The dictionaries, lists, numbers and tensors of a pickle; anything else is refused by name.

    The opcodes are taken from pickletools, which decodes and runs none; those below suffice for what torch.save makes
    of tensors in containers.
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    argument: Any
    for opcode, argument, _ in pickletools.genops(pickled):
        match opcode.name:
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                return stack.pop()
            case "MARK":
                stack.append(_MARK)
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[opcode.name])
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT" | "BINUNICODE" | "SHORT_BINUNICODE":
                stack.append(argument)
            case "EMPTY_DICT" | "EMPTY_LIST" | "EMPTY_TUPLE":
                stack.append({"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}[opcode.name]())
            case "TUPLE":
                stack.append(tuple(_since_mark(stack)))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(opcode.name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "APPEND":
                _container(stack, 2, list).append(stack.pop())
            case "APPENDS":
                items = _since_mark(stack)
                _container(stack, 1, list).extend(items)
            case "SETITEM":
                items = [stack[-2], stack[-1]]
                del stack[-2:]
                _set(_container(stack, 1, dict), items)
            case "SETITEMS":
                items = _since_mark(stack)
                _set(_container(stack, 1, dict), items)
            case "GLOBAL":
                stack.append(_Name(argument.replace(" ", ".")))
            case "BINPERSID":
                stack.append(_storage(stack.pop(), where))
            case "REDUCE" | "NEWOBJ":
                arguments = stack.pop()
                stack.append(_rebuilt(stack.pop(), arguments, where))
            case "BUILD":
                stack.pop()  # attributes of a state dictionary, which hold no values
                _container(stack, 1, dict)
            case _:
                raise ValueError(f"a step {opcode.name} of its description is not of tensors")
    raise ValueError("its description of the tensors does not end")


def _since_mark(stack: list[Any]) -> list[Any]:
    place = len(stack) - 1 - next(back for back, item in enumerate(reversed(stack)) if item is _MARK)
    items = stack[place + 1 :]
    del stack[place:]
    return items


def _container(stack: list[Any], back: int, kind: type) -> Any:
    found = stack[-back]
    if not isinstance(found, kind):
        raise ValueError("its description puts a value where none can be")
    return found


def _set(found: dict[Any, Any], items: list[Any]) -> None:
    found.update({key: value for key, value in zip(items[::2], items[1::2], strict=True) if isinstance(key, str | int)})


def _storage(description: Any, where: str) -> _Storage:
    """A storage as torch describes it: the word storage, a type, the member of the archive, a device, a length."""
    _, kind, key, *_ = description
    name = kind.text.rpartition(".")[2]
    if name != "UntypedStorage" and name not in _STORAGES:
        raise ValueError(
            f"load_dataset: values must be real numbers, got a {kind.text} in {where}; convert the tensor with .float()"
        )
    return _Storage(str(key), name)


def _rebuilt(made: Any, arguments: Any, where: str) -> Any:
    """What a call in the pickle stands for; only those that torch.save writes for tensors and plain containers."""
    name = made.text if isinstance(made, _Name) else type(made).__name__
    match name:
        case "collections.OrderedDict":
            return dict(arguments[0]) if arguments else {}
        case "torch.Size":
            return tuple(arguments[0])
        case "torch.device":
            return str(arguments[0])
        case "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state":
            return arguments[0]
        case "torch._utils._rebuild_tensor_v2":
            storage, offset, shape, strides = arguments[:4]
            return Tensor(
                storage.key, _STORAGES[storage.kind], offset, shape, strides, storage.kind == "BFloat16Storage"
            )
        case "torch._utils._rebuild_tensor_v3":
            storage, offset, shape, strides, _, _, dtype = arguments[:7]
            if dtype.text in _LATER:
                return Tensor(storage.key, _LATER[dtype.text], offset, shape, strides)
            name = dtype.text
    raise ValueError(
        f"load_dataset: a .pt file must hold tensors in dictionaries, lists and tuples, got {name} in {where}, which "
        "is never run; save the tensor alone with torch.save"
    )
