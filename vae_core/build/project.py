"""Codes and maps of the gallery: `python -m vae_core.build.project ID...` or `--all`.

Stores what each model makes of the gallery, at the end and at every snapshot, and the codes' PCA, t-SNE and UMAP maps
with fixed seeds and their trustworthiness (Venna and Kaski 2001).
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA

from vae_core import latent
from vae_core.build.choice import chosen_models, models_parser
from vae_core.build.publish import BuildError, amend_model, explained, store_arrays
from vae_core.data import DataError, Images, load_gallery
from vae_core.embedding import trust, tsne, umap
from vae_core.inference import elbo_terms, encode
from vae_core.manifest import ArtifactError, LatentMap, ModelSpec
from vae_core.model import load_vae

SEED = 0
PERPLEXITY, PERPLEXITIES = 30, (5, 30, 100)
NEIGHBOURS, MANY_NEIGHBOURS = 15, (5, 15, 50)
SEEDS = (0, 1, 2)
TAUGHT = ("mnist-z10", "mnist-z20")  # where the app teaches reading maps: every setting with every seed
REPLAYED = 2000  # pictures whose codes are kept for every snapshot


def codes(root: Path, spec: ModelSpec, gallery: Images) -> dict[str, np.ndarray]:
    """The gallery's posterior, labels and one-sample log-likelihood under a model."""
    model = load_vae(root, spec)
    y = gallery.y if spec.conditional else None
    mu, logvar = encode(model, gallery.x, y)
    terms = elbo_terms(model, gallery.x, latent.noise(len(mu), spec.latent_dim, SEED), y)
    return {
        "mu": mu,
        "logvar": logvar,
        "y": gallery.y.astype(np.uint8),
        "log_likelihood": terms.log_likelihood.astype(np.float32),
    }


def replay(root: Path, spec: ModelSpec, gallery: Images) -> dict[str, np.ndarray]:
    """Posterior means of the first gallery pictures at every shipped epoch."""
    x, y = gallery.x[:REPLAYED], gallery.y[:REPLAYED] if spec.conditional else None
    means = [encode(load_vae(root, spec, epoch), x, y)[0].astype(np.float16) for epoch in spec.epochs]
    return {"epochs": np.array(spec.epochs), "mu": np.stack(means)}


def maps(mu: np.ndarray, variants: bool = False) -> tuple[dict[str, np.ndarray], tuple[LatentMap, ...]]:
    """PCA, t-SNE and UMAP of codes (n, latent), as arrays for a file and as entries for the manifest.

    With `variants`, t-SNE and UMAP at each setting with each seed, else one of each.
    """
    pca = PCA(2, svd_solver="full").fit(mu)
    arrays = {"pca": pca.transform(mu).astype(np.float32)}
    settings: dict[str, dict] = {"pca": {}}
    for perplexity in PERPLEXITIES if variants else (PERPLEXITY,):
        for seed in SEEDS if variants else (SEED,):
            key = f"tsne-p{perplexity}-s{seed}"
            settings[key] = {"perplexity": min(perplexity, (len(mu) - 1) // 3), "seed": seed}
            arrays[key] = tsne(mu, **settings[key])
    for neighbours in MANY_NEIGHBOURS if variants else (NEIGHBOURS,):
        for seed in SEEDS if variants else (SEED,):
            key = f"umap-n{neighbours}-s{seed}"
            settings[key] = {"neighbours": min(neighbours, len(mu) - 1), "seed": seed}
            arrays[key] = umap(mu, **settings[key])
    entries = tuple(LatentMap(key, key.split("-")[0], settings[key], trust(mu, xy)) for key, xy in arrays.items())
    linear = {
        "pca_mean": pca.mean_.astype(np.float32),
        "pca_components": pca.components_.astype(np.float32),
        "pca_explained": pca.explained_variance_ratio_.astype(np.float32),
    }
    return {**arrays, **linear}, entries


def project(root: Path, spec: ModelSpec, gallery: Images) -> ModelSpec:
    """Store codes, replay and maps of one model below `root`, and its new manifest entry."""
    code_arrays = codes(root, spec, gallery)
    map_arrays, entries = maps(code_arrays["mu"], variants=spec.id in TAUGHT)
    with explained(f"codes and maps of {spec.id} below {root}"):
        return amend_model(
            root,
            spec,
            codes=store_arrays(root, "codes", spec.id, code_arrays),
            maps_file=store_arrays(root, "codes", f"{spec.id}-maps", map_arrays),
            maps=entries,
            replay=store_arrays(root, "codes", f"{spec.id}-replay", replay(root, spec, gallery))
            if spec.snapshots
            else None,
        )


def main(arguments: list[str] | None = None) -> None:
    try:
        options = models_parser("python -m vae_core.build.project", __doc__).parse_args(arguments)
        root, (manifest, specs) = options.artifacts, chosen_models(options)
        for spec in specs:
            gallery = load_gallery(root, spec.dataset, manifest.images[spec.dataset])
            spec = project(root, spec, gallery)
            print(f"{spec.id}: " + ", ".join(f"{m.key} trustworthiness {m.trustworthiness:.3f}" for m in spec.maps))
    except (BuildError, DataError, ArtifactError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
