"""A model's card in words and numbers, made from its manifest entry: the same in the app and in artifacts/README.md."""

from vae_core.manifest import ImageSet, ModelSpec

SEED = 0  # of the samples on a card

# Metric -> what it is called, and its unit.
METRICS = {
    "nelbo_nats": ("nELBO, the negative evidence lower bound", "nats an image"),
    "nelbo_standard_error_nats": ("its standard error over the test images", "nats an image"),
    "reconstruction_nats": ("reconstruction, -log p(x|z)", "nats an image"),
    "kl_nats": ("KL(q(z|x) || p(z))", "nats an image"),
    "mse_per_pixel": ("mean squared error of the decoded posterior mean", "squared grey values a pixel"),
    "active_units": ("active units", "latent dimensions"),
    "knn_accuracy": ("test images whose ten nearest codes have their label", "share"),
}

USES = (
    "For teaching, and for trying out what a variational autoencoder does. Not for reading handwriting that matters, not"
    " for telling who wrote something, not for deciding what is unusual or fake where somebody depends on the answer, and"
    " not for making data to train other models on."
)
LIMITS = {
    "mnist": "It knows American digits of about 1990, centred, white on black, 28 by 28. A European 1 or 7, a letter or a"
    " photo is drawn as the digit that comes nearest.",
    "fashion": "It knows ten kinds of articles of one shop, photographed flat on one background, 28 by 28 and grey. It"
    " knows nothing of bodies, fit or other clothes.",
}
OWN_LIMITS = "It knows the pictures it was given and nothing else; who may be in them, their owner must know."


def title(spec: ModelSpec, images: ImageSet) -> str:
    """What the model is, in one line."""
    family = {"mlp": "residual MLP", "conv": "convolutional"}[spec.architecture.family]
    kind = "Plain autoencoder" if not spec.variational else "Conditional VAE" if spec.conditional else "VAE"
    beta = f", β = {spec.beta:g}" if spec.variational and spec.beta != 1 else ""
    return f"{kind} of {images.title}, latent size {spec.latent_dim}, {family}{beta}"


def limits(spec: ModelSpec) -> str:
    """What the model cannot know."""
    return LIMITS.get(spec.dataset, OWN_LIMITS)


def data(spec: ModelSpec, images: ImageSet) -> str:
    """What the model was trained on, chosen by and measured on."""
    if spec.dataset == "mnist":
        held_out = "the 5,000 digits of the gallery"
        test = "the official test set (10,000)"
    elif spec.dataset == "fashion":
        held_out = "the last 5,000 official training images"
        test = "the official test set (10,000), whose first 5,000 are the gallery"
    else:
        held_out, test = f"the {images.count:,} pictures of the gallery", "as many others"
    return f"Trained on {images.title} without {held_out}, which chose the epoch; measured on {test}."


def recipe(spec: ModelSpec) -> dict[str, str]:
    """Architecture and training settings by the names they have in the model's TOML file, as text."""
    settings = {**vars(spec.architecture), **spec.recipe}
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in settings.items()
    }


def metrics(spec: ModelSpec) -> list[tuple[str, str, str]]:
    """Each figure on the test images: its name, its value and its unit."""
    return [(name, f"{spec.metrics[key]:g}", unit) for key, (name, unit) in METRICS.items() if key in spec.metrics]


def made(spec: ModelSpec) -> str:
    """What made the weights, and how long it took."""
    how = spec.made_with
    if not how:
        return "How it was made is not recorded."
    text = f"`{how['command']}`, {how['seconds'] / 60:.0f} minutes, {how['images_per_second']:,} images a second"
    return f"{text}, torch {how['torch']}, {how.get('device', 'one CPU thread')}. Epoch {spec.epoch} of {spec.recipe['epochs']} is kept."
