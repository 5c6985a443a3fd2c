"""Who may import whom: the core knows no page, the app knows no build, and listing models costs no torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


def modules(folder: str) -> list[str]:
    """Names of all modules below a folder of the project."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return [".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for p in paths]


CORE = [name for name in modules("vae_core") if not name.startswith("vae_core.build")]
KIT = modules("pages/kit")
APP = [ROOT / "streamlit_app.py", *sorted((ROOT / "pages").rglob("*.py"))]


def imported_by(names: list[str]) -> set[str]:
    """Top-level packages in memory after importing modules in a new process."""
    program = f"import sys, importlib\nfor name in {names}: importlib.import_module(name)\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in run.stdout.split()}


def names_in(path: Path) -> set[str]:
    """Every module a script imports, at its top or inside a function, as `a.b` for `from a import b` too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_core_knows_no_user_interface():
    found = imported_by(CORE)
    assert {"vae_core", "torch"} <= found
    assert not found & {"streamlit", "altair", "pandas", "pages"}


def test_listing_models_and_showing_pictures_costs_no_torch():
    names = ("manifest", "data", "images", "latent", "projection", "weights", "wire")
    found = imported_by([f"vae_core.{name}" for name in names])
    assert "numpy" in found
    assert not found & {"torch", "torchvision", "sklearn", "streamlit"}


def test_the_first_page_shows_its_picture_before_torch_is_imported():
    found = imported_by(["pages.kit.cache", "pages.kit.picker", "pages.kit.components.flow", "pages.kit.controls"])
    assert "streamlit" in found
    assert not found & {"torch", "altair", "pandas"}


def test_app_and_core_import_no_package_of_the_builds():
    found = imported_by([*CORE, *KIT])
    assert {"streamlit", "torch", "pages"} <= found
    assert not found & {"umap", "openTSNE", "torchvision", "sklearn", "numba", "mlxtend"}


def test_climbing_the_elbo_imports_no_compiler():
    """torch.optim's classes do: 900 modules and 160 MB."""
    program = (
        "import sys, numpy as np\n"
        "from vae_core import bounds\n"
        "from vae_core.manifest import Architecture\n"
        "from vae_core.model import new_vae\n"
        "model = new_vae(Architecture('mlp', 2, 8, 8, 1, 1), 0).requires_grad_(False)\n"
        "bounds.inference_gap(model, np.zeros((28, 28), np.float32))\n"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch._dynamo", "sympy", "triton"} & set(run.stdout.split())


@pytest.mark.parametrize("path", APP, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_app_imports_no_build(path):
    assert not [name for name in names_in(path) if name.startswith("vae_core.build")]


@pytest.mark.parametrize("name", CORE)
def test_core_imports_no_build(name):
    path = ROOT / f"{name.replace('.', '/')}.py"
    path = path if path.exists() else ROOT / name / "__init__.py"
    assert not [used for used in names_in(path) if used.startswith(("vae_core.build", "pages"))]


def test_pages_import_no_other_page():
    pages = [path.stem for path in (ROOT / "pages").glob("*.py")]
    assert len(pages) >= 6
    for path in APP:
        used = {name for name in names_in(path) if name.startswith("pages.")}
        assert all(name == "pages.kit" or name.startswith("pages.kit.") for name in used), path
