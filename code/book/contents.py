"""Notebooks for JupyterLab, with the marks that it would otherwise add and call unsaved changes.

The normal form (notebooks.py) holds nothing of the machine that a notebook ran on. JupyterLab
writes the kernel's name and version into a notebook as soon as it is open, and asks at the end
whether to save what the reader never touched. `make lab` starts it with these `Contents`, which
hand it the notebook with the marks in place; the file stays as it is until the reader saves.
"""

from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelspec import get_kernel_dict
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


class Contents(AsyncLargeFileManager):
    """Files as they are, but a notebook with the marks that JupyterLab makes while it opens."""

    async def get(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        model: dict[str, Any] = await super().get(*args, **kwargs)
        if model["type"] == "notebook" and model["content"]:
            mark(model["content"])
        return model


def mark(notebook: dict[str, Any]) -> None:
    """Write into `notebook` what JupyterLab adds while it opens: the kernel, and what is folded."""
    spec = get_kernel_dict()
    metadata = notebook["metadata"]
    if metadata.get("kernelspec", {}).get("name") == "python3":
        metadata["kernelspec"]["display_name"] = spec["display_name"]
        metadata["language_info"] = dict(IPythonKernel.language_info)
    for cell in notebook["cells"]:
        if cell["metadata"].get("jupyter", {}).get("outputs_hidden"):
            cell["metadata"]["collapsed"] = True
