"""The names of file formats that contracts may say.

Knows: the words.
Does not know: suffixes, bytes, how a format is read; that is the table in `runpact.formats.registry`.
"""

from __future__ import annotations

FORMATS = (
    *("json", "yaml", "toml", "jsonl", "csv", "tsv"),
    *("npz", "npy", "pt", "safetensors", "onnx", "hdf5", "parquet", "sqlite", "pickle"),
    *("png", "jpg", "gif", "webp", "tiff", "wav", "svg", "pdf"),
    *("html", "md", "txt", "log", "py", "zip", "gz", "text", "binary"),
)
