"""Published models, measured once in the way `vae_core.build.evaluate` measures ours, for comparison.

The full official test sets (10,000 images), grey values, Bernoulli pixels summed over 784, one posterior sample, nats an
image, pixel means clamped to [1e-6, 1 - 1e-6]. They trained on all 60,000 training images; ours train on 55,000. One
training seed each; the noise of the evaluation is 0.02 nats.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One published model's figures on the official test set, with the names of our own metrics."""

    name: str
    dataset: str
    latent_dim: int
    reconstruction_nats: float
    kl_nats: float
    nelbo_nats: float
    mse_per_pixel: float | None = None
    active_units: int | None = None
    knn_accuracy: float | None = None


PUBLISHED = (
    Published("VAE Explainer, shipped weights", "mnist", 2, 146.0, 4.9, 150.9, 0.0398, 2, 0.721),
    Published("explainingai run_simple_vae, 10 epochs", "mnist", 2, 141.3, 11.9, 153.2, 0.0386, 2, 0.755),
    Published("explainingai vae_kl_latent4, 10 epochs", "mnist", 4, 122.1, 45.5, 167.5, 0.0300, 4, 0.840),
    Published("vae-visualizer, shipped weights, epoch 15", "mnist", 10, 89.5, 19.0, 108.5, 0.0153, 10, 0.937),
    Published(
        "disentangling-vae VAE_mnist, 400 epochs, resampled from 32x32",
        "mnist",
        10,
        82.0,
        19.3,
        101.4,
        0.0118,
        10,
        0.950,
    ),
    Published("pytorch/examples vae, 10 epochs", "mnist", 20, 80.3, 25.0, 105.3, 0.0096, 20, 0.958),
    Published("GenZoo VAE, 4.6 of 100 epochs", "mnist", 20, 105.0, 21.9, 126.9, 0.0203, 17, 0.942),
    Published("pytorch/examples vae, 10 epochs", "fashion", 20, 227.7, 16.4, 244.1, 0.0137, 18, 0.831),
)
