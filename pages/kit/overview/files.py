"""What a reader of Overview may take home: the picture with its reconstruction, and the numbers between them."""

import hashlib

import numpy as np

from pages.kit.controls import row
from pages.kit.picker import Choice
from pages.kit.show import download
from pages.kit.tables import code_table
from vae_core import latent
from vae_core.images import png, tile


def files(choice: Choice, x: np.ndarray, digit: int | None, label: int, seed: int) -> None:
    """Offer both files of a picture (28, 28), with the noise of this seed; `digit` is its index, None for a drawing.

    They are made on the click: torch takes seconds to import.
    """
    spec = choice.spec
    what, stem = "a drawing", f"drawing{hashlib.sha256(x).hexdigest()[:8]}"
    if digit is not None:
        what, stem = choice.described(digit), choice.stem(digit)
    y = f"-y{label}" if spec.conditional else ""
    labels = np.array([label]) if spec.conditional else None
    about = {"model": spec.id, "picture": what, **choice.told(label), "seed of epsilon": seed}
    epsilon = latent.noise(1, spec.latent_dim, seed)

    def both() -> bytes:
        from vae_core import inference

        z = latent.reparameterize(*inference.encode(choice.model, x[None], labels), epsilon)
        x_hat = inference.decode(choice.model, z, labels)
        return png(tile(np.stack([x, x_hat[0]]), 2, scale=5, gap=5), about)

    def numbers() -> bytes:
        from vae_core import inference

        mu, logvar = inference.encode(choice.model, x[None], labels)
        return code_table(about, mu=mu[0], logvar=logvar[0], epsilon=epsilon[0])

    with row():
        name = f"{spec.id}-{stem}{y}-epsilon{seed}"
        download("x and x̂ as PNG", both, f"{name}.png", "image/png", "overview_png")
        download("μ, σ, ε and z as CSV", numbers, f"{name}.csv", "text/csv", "overview_csv")
