"""The models that a command line names: some by id, or all of the manifest."""

import argparse
import sys
from pathlib import Path

from vae_core.build.publish import ARTIFACTS
from vae_core.manifest import Manifest, ModelSpec, read_manifest


def chosen_models(prog: str, doc: str, arguments: list[str] | None) -> tuple[Path, Manifest, list[ModelSpec]]:
    """Parse `ID... | --all [--artifacts FOLDER]`: the artifact root, its manifest, and the models named.

    Exits with one sentence if an id is unknown or none is given. Raises `ArtifactError` as `read_manifest` does.
    """
    parser = argparse.ArgumentParser(prog=prog, description=doc.split("\n")[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="models of the manifest")
    parser.add_argument("--all", action="store_true", help="every model of the manifest")
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="default: %(default)s")
    options = parser.parse_args(arguments)
    manifest = read_manifest(options.artifacts)
    ids = list(manifest.models) if options.all else options.ids
    if not ids:
        parser.error("name a model, or use --all")
    if unknown := sorted(set(ids) - set(manifest.models)):
        sys.exit(f"Not in the manifest: {', '.join(unknown)}. Known: {', '.join(manifest.models)}.")
    return options.artifacts, manifest, [manifest.models[id_] for id_ in ids]
