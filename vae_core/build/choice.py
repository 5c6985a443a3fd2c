"""The models that a command line names: some by id, or all of the manifest."""

import argparse
import sys
from pathlib import Path

from vae_core.build.publish import ARTIFACTS
from vae_core.manifest import Manifest, ModelSpec, read_manifest


def models_parser(prog: str, doc: str) -> argparse.ArgumentParser:
    """A parser of `ID... | --all [--artifacts FOLDER]`, for `chosen_models`."""
    parser = argparse.ArgumentParser(prog=prog, description=doc.split("\n")[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="models of the manifest")
    parser.add_argument("--all", action="store_true", help="every model of the manifest")
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="default: %(default)s")
    return parser


def chosen_models(options: argparse.Namespace) -> tuple[Manifest, list[ModelSpec]]:
    """The manifest, and the models that the command line names.

    Exits with one sentence if an id is unknown or none is given. Raises `ArtifactError` as `read_manifest` does.
    """
    manifest = read_manifest(options.artifacts)
    ids = list(manifest.models) if options.all else options.ids
    if not ids:
        sys.exit("Name a model, or use --all.")
    if unknown := sorted(set(ids) - set(manifest.models)):
        sys.exit(f"Not in the manifest: {', '.join(unknown)}. Known: {', '.join(manifest.models)}.")
    return manifest, [manifest.models[id_] for id_ in ids]
