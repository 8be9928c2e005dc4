"""What a file is, by its first bytes; its name has no say."""

from latentwalk.safeload.nodes import ADVICE, CheckpointError

OTHERS = {
    b"\x89PNG\r\n\x1a\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"BM": "a BMP image",
    b"II*\x00": "a TIFF image",
    b"MM\x00*": "a TIFF image",
    b"\x89HDF": "an HDF5 file (Keras weights)",
    b"GGUF": "a GGUF file",
    b"\x93NUMPY": "a numpy array",
    b"\x1f\x8b": "a gzip archive: unpack it first",
    b"BZh": "a bzip2 archive: unpack it first",
    b"\xfd7zXZ": "an xz archive: unpack it first",
    b"7z\xbc\xaf": "a 7z archive: unpack it first",
    b"Rar!": "a RAR archive: unpack it first",
    b"%PDF": "a PDF document",
    b"version https://git-lfs": "a Git LFS pointer: fetch the file itself with git lfs pull",
    b"<!DOCTYPE": "a web page: the download went wrong",
    b"<html": "a web page: the download went wrong",
    b"{": "a JSON text: load the folder that it lies in, or the weights beside it",
}
"""Files that people give for checkpoints."""

FORMS = "a .safetensors file, a .pt or .pth file of torch.save, or a .pkl file of NVIDIA"


def is_safetensors(data: memoryview) -> bool:
    """An 8-byte length, then a JSON header."""
    return bytes(data[8:9]) == b"{" and int.from_bytes(data[:8], "little") < 2**40


def is_archive(data: memoryview) -> bool:
    """A zip archive, as torch.save writes it since torch 1.6."""
    return bytes(data[:4]) in (b"PK\x03\x04", b"PK\x05\x06")


def check_kind(data: memoryview) -> None:
    """Raises CheckpointError that names what the file is, unless it begins as a pickle of protocol 2 or later does."""
    start = bytes(data[:32])
    if start[:1] == b"\x80":
        return
    if start[8:12] == b"WEBP":
        raise CheckpointError(f"a WebP image, not a readable checkpoint: expected {FORMS}")
    if bytes(data[257:262]) == b"ustar":
        raise CheckpointError(f"a tar archive, not a readable checkpoint: unpack it first; expected {FORMS}")
    for magic, kind in OTHERS.items():
        if start.startswith(magic):
            raise CheckpointError(f"not a readable checkpoint but {kind}; expected {FORMS}")
    if not any(start):
        raise CheckpointError(f"not a readable checkpoint: its first bytes are zeros, the download was cut: {ADVICE}")
    raise CheckpointError(f"not a readable checkpoint (it is damaged, truncated or of another kind): expected {FORMS}")
