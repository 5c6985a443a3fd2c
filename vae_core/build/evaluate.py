"""Measure models on the official test set: `python -m vae_core.build.evaluate ID...` or `--all`.

Prints a table in nats an image and writes the figures into the manifest. The test set picks nothing.
"""

import sys

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from vae_core import latent
from vae_core.build.choice import chosen_models, models_parser
from vae_core.build.own_data import add_data_arguments, check_gallery, own_data_of
from vae_core.build.publish import BuildError, amend_model, explained
from vae_core.data import DATASETS, DataError, Images, official
from vae_core.inference import elbo_terms, encode, reconstruct
from vae_core.manifest import ArtifactError, ModelSpec
from vae_core.model import VAE, load_vae

NEIGHBOURS = 10
SEED = 0
COLUMNS = {
    "nelbo_nats": "nELBO",
    "nelbo_standard_error_nats": "+-",
    "reconstruction_nats": "recon",
    "kl_nats": "KL",
    "mse_per_pixel": "MSE/pixel",
    "active_units": "active",
    "knn_accuracy": "10-NN",
}


def evaluate(model: VAE, images: Images) -> dict:
    """Every figure of a model on images, with its unit in its name.

    One posterior sample an image; the standard error is over the images. The mean squared error is that of the decoded
    posterior mean. `knn_accuracy` labels each image by the ten nearest posterior means of the other images. A plain
    autoencoder has no bound and no KL.
    """
    y = images.y if model.architecture.classes else None
    epsilon = latent.noise(len(images.x), model.architecture.latent_dim, SEED)
    terms = elbo_terms(model, images.x, epsilon, y)
    mu, _ = encode(model, images.x, y)
    error = np.square(reconstruct(model, images.x, y) - images.x).mean()
    figures = {
        "split": "test",
        "images": len(images.x),
        "reconstruction_nats": round(float(-terms.log_likelihood.mean()), 3),
        "mse_per_pixel": round(float(error), 5),
        "active_units": int(latent.active_units(mu).sum()),
        "knn_accuracy": round(knn_accuracy(mu, images.y), 4),
    }
    if model.architecture.deterministic:  # no posterior, so no KL and no bound
        return figures
    return {
        **figures,
        "nelbo_nats": round(float(-terms.elbo.mean()), 3),
        "nelbo_standard_error_nats": round(float(terms.elbo.std(ddof=1) / np.sqrt(len(images.x))), 3),
        "kl_nats": round(float(terms.kl.mean()), 3),
        "kl_per_dim_nats": [round(float(v), 3) for v in terms.kl_per_dim.mean(axis=0)],
    }


def knn_accuracy(codes: np.ndarray, labels: np.ndarray) -> float:
    """Share of codes (n, latent) whose label is the majority among their ten nearest others; leave-one-out."""
    knn = KNeighborsClassifier(NEIGHBOURS).fit(codes, labels)
    neighbours = knn.kneighbors(return_distance=False)  # without an argument: each code's neighbours but itself
    votes = np.array([np.bincount(labels[row]).argmax() for row in neighbours])
    return float((votes == labels).mean())


def table(specs: list[ModelSpec]) -> str:
    """The figures of models as lines of text."""
    header = f"{'model':<18}" + "".join(f"{title:>11}" for title in COLUMNS.values())
    rows = [f"{spec.id:<18}" + "".join(f"{spec.metrics.get(name, '-'):>11}" for name in COLUMNS) for spec in specs]
    return "\n".join([header, *rows])


def main(arguments: list[str] | None = None) -> None:
    parser = models_parser("python -m vae_core.build.evaluate", __doc__)
    add_data_arguments(parser)
    try:
        options = parser.parse_args(arguments)
        root, (manifest, specs) = options.artifacts, chosen_models(options)
        own, test, measured = own_data_of(options), {}, []
        if own is not None:
            check_gallery(manifest, own)
            test[own.name] = own.test
        for spec in specs:
            if spec.dataset in DATASETS and spec.dataset not in test:
                test[spec.dataset] = official(spec.dataset, train=False)
            if spec.dataset not in test:
                print(f"{spec.id} is left out: give its pictures with --data.")
                continue
            metrics = evaluate(load_vae(root, spec), test[spec.dataset])
            with explained(f"the manifest of {root}"):
                measured.append(amend_model(root, spec, metrics=metrics))
    except (BuildError, DataError, ArtifactError) as error:
        sys.exit(str(error))
    if not measured:
        sys.exit("No model was measured.")
    print("Test images, nats an image, beta = 1, one posterior sample:")
    print(table(measured))


if __name__ == "__main__":
    main()
