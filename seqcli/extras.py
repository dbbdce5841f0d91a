"""The extras of an installation: packages that not everybody needs, and what they are for."""

EXTRAS = {  # extra -> the modules that it brings, and what they are for
    "documents": (("pypdf",), "reads PDF"),
    "japanese": (("fugashi", "unidic_lite"), "cuts Japanese by a dictionary"),
    "plots": (("matplotlib",), "draws pictures"),
    "maps": (("matplotlib", "sklearn", "umap"), "maps of words by t-SNE and UMAP"),
    "zstd": (("zstandard",), "reads texts packed by zstd"),
    "index": (("usearch",), "neighbors among a million words"),
    "onnx": (("onnx", "onnxruntime"), "exports networks as ONNX, and checks them"),
    "report": (("jinja2", "matplotlib"), "pages about models"),
    "tensorboard": (("tensorboard",), "curves of trainings, as they come"),
    "serve": (("starlette", "uvicorn", "prometheus_client", "pygls", "lsprotocol"), "answers over HTTP and in editors"),
}


def installs(module: str) -> str:
    """Return what to give pip for a module: the first extra that brings it, or else its own name."""
    return next((f"seqcli[{name}]" for name, (modules, _) in EXTRAS.items() if module in modules), module)
