"""The networks: an encoder for q(z|x), a decoder for p(x|z), and the loading of shipped weights."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, silu

from vae_core import objective
from vae_core.images import SIDE
from vae_core.manifest import Architecture, ArtifactError, ModelSpec
from vae_core.weights import read_weights, weights_file

PIXELS = SIDE * SIDE
POINT_LOGVAR = -30.0  # sigma = 3e-7: noise below what a float32 code of ordinary size resolves


class ResidualBlock(nn.Module):
    """x + Linear(SiLU(Linear(LayerNorm(x)))), a pre-norm residual layer (He et al. 2016; Ba et al. 2016)."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.contract(silu(self.expand(self.norm(x))))


class ResidualConv(nn.Module):
    """x + Conv(SiLU(Conv(SiLU(x)))) with 3x3 kernels: the same picture size in and out."""

    def __init__(self, channels: int, batch_norm: bool):
        super().__init__()
        self.inner = nn.Sequential(
            nn.SiLU(),
            *convolution(nn.Conv2d(channels, channels, 3, padding=1), batch_norm),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def convolution(layer: nn.Module, batch_norm: bool) -> list[nn.Module]:
    """A convolution, normalised over the batch if asked (Ioffe and Szegedy 2015), and its activation."""
    return [layer, *([nn.BatchNorm2d(layer.out_channels)] if batch_norm else []), nn.SiLU()]


def residual_mlp(inputs: int, width: int, hidden: int, blocks: int, outputs: int) -> nn.Sequential:
    """Linear-SiLU, `blocks` residual blocks, LayerNorm-SiLU-Linear: (batch, inputs) -> (batch, outputs)."""
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.SiLU(),
        *(ResidualBlock(width, hidden) for _ in range(blocks)),
        nn.LayerNorm(width),
        nn.SiLU(),
        nn.Linear(width, outputs),
    )


class Encoder(nn.Module):
    """x -> (mu, logvar), the parameters of the diagonal Gaussian posterior q(z|x).

    A deterministic encoder gives the code itself as mu, and a constant logvar so small that z = mu.
    """

    def __init__(self, a: Architecture):
        super().__init__()
        self.deterministic = a.deterministic
        if a.family == "conv":
            first = max(1, a.channels // 2)
            self.features = nn.Sequential(
                *convolution(nn.Conv2d(1, first, 4, stride=2, padding=1), a.batch_norm),  # 28 -> 14
                *convolution(nn.Conv2d(first, a.channels, 4, stride=2, padding=1), a.batch_norm),  # 14 -> 7
                nn.Flatten(),
            )
            inputs = a.channels * 7 * 7
        else:
            self.features = nn.Flatten()
            inputs = PIXELS
        outputs = a.latent_dim if a.deterministic else 2 * a.latent_dim
        self.head = residual_mlp(inputs + a.classes, a.width, a.hidden, a.encoder_blocks, outputs)

    def forward(self, x: Tensor, label: Tensor | None) -> tuple[Tensor, Tensor]:
        features = self.features(x.unsqueeze(1))  # (batch, inputs)
        outputs = self.head(_join(features, label))
        if self.deterministic:
            return outputs, torch.full_like(outputs, POINT_LOGVAR)
        mu, logvar = outputs.chunk(2, dim=1)
        return mu, logvar


class Decoder(nn.Module):
    """z -> logits, one for each pixel of p(x|z); `vae_core.objective.pixel_mean` makes them grey values."""

    def __init__(self, a: Architecture):
        super().__init__()
        inputs = a.latent_dim + a.classes
        if a.family == "conv":
            self.head = residual_mlp(inputs, a.width, a.hidden, a.decoder_blocks, a.channels * 7 * 7)
            first = max(1, a.channels // 2)
            self.picture = nn.Sequential(
                nn.Unflatten(1, (a.channels, 7, 7)),
                ResidualConv(a.channels, a.batch_norm),
                nn.SiLU(),
                *convolution(nn.ConvTranspose2d(a.channels, first, 4, stride=2, padding=1), a.batch_norm),  # 7 -> 14
                nn.ConvTranspose2d(first, 1, 4, stride=2, padding=1),  # 14 -> 28
                nn.Flatten(1, 2),  # drop the single channel
            )
        else:
            self.head = residual_mlp(inputs, a.width, a.hidden, a.decoder_blocks, PIXELS)
            self.picture = nn.Unflatten(1, (SIDE, SIDE))

    def forward(self, z: Tensor, label: Tensor | None) -> Tensor:
        return self.picture(self.head(_join(z, label)))  # (batch, 28, 28)


class VAE(nn.Module):
    """A variational autoencoder (Kingma and Welling 2014), conditional on labels if its architecture says so.

    Noise is never drawn inside: reparameterise with `vae_core.latent.reparameterize`, where the reader can see it.
    """

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.encoder = Encoder(architecture)
        self.decoder = Decoder(architecture)
        if architecture.likelihood == "gaussian" and not architecture.pixel_sigma:
            self.log_pixel_sigma = nn.Parameter(torch.tensor(-1.0))  # the grey values' own spread is about exp(-1)

    def posterior(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """mu and logvar of q(z|x), each (batch, latent), for x (batch, 28, 28) and labels y (batch,)."""
        return self.encoder(x, self._label(y))

    def logits(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Logits (batch, 28, 28) of the pixels of p(x|z), for z (batch, latent) and labels y (batch,)."""
        return self.decoder(z, self._label(y))

    @property
    def pixel_sigma(self) -> Tensor | float | None:
        """Standard deviation of a Gaussian pixel, in grey values; None for the other likelihoods."""
        if self.architecture.likelihood != "gaussian":
            return None
        return self.architecture.pixel_sigma or self.log_pixel_sigma.exp()

    def log_likelihood(self, logits: Tensor, x: Tensor) -> Tensor:
        """log p(x|z) of each image under this model's kind of pixel: (batch, 28, 28) twice -> (batch,), in nats."""
        return objective.log_likelihood(logits, x, self.architecture.likelihood, self.pixel_sigma)

    def pixel_mean(self, logits: Tensor) -> Tensor:
        """Grey values in [0, 1] that the logits stand for, the mean of p(x|z): (batch, 28, 28)."""
        return objective.pixel_mean(logits, self.architecture.likelihood)

    def _label(self, y: Tensor | None) -> Tensor | None:
        classes = self.architecture.classes
        if (y is not None) != (classes > 0):
            raise ValueError(
                "this model is conditional: give the labels y" if classes else "this model takes no labels: leave y out"
            )
        return None if y is None else one_hot(y, classes).to(torch.float32)


def new_vae(architecture: Architecture, seed: int) -> VAE:
    """An untrained model whose initial weights depend on `seed` alone; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        # Channels last is how the CPU computes convolutions fastest; other weights it leaves alone.
        return VAE(architecture).to(memory_format=torch.channels_last)


def load_vae(root: str | Path, spec: ModelSpec, epoch: int | None = None) -> VAE:
    """A shipped model in float32, frozen: in eval mode, without gradients, to be shared and never changed.

    Parameters and errors are those of `vae_core.weights.read_weights`; raises ArtifactError, too, if the weights do not fit
    the architecture.
    """
    weights = read_weights(root, spec, epoch)
    model = new_vae(spec.architecture, seed=0)  # its weights are replaced at once
    try:
        state = {name: torch.tensor(np.float32(w) if w.dtype == np.float16 else w) for name, w in weights.items()}
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        file = weights_file(spec, epoch).file
        raise ArtifactError(f"{file} does not hold the weights of {spec.id} ({error})") from error
    return model.eval().requires_grad_(False)


def _join(features: Tensor, label: Tensor | None) -> Tensor:
    return features if label is None else torch.cat([features, label], dim=1)
