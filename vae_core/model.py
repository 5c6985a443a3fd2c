"""The networks: an encoder for q(z|x), a decoder for p(x|z), and the loading of shipped weights."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn.functional import one_hot, silu

from vae_core.manifest import Architecture, ArtifactError, ModelSpec, verified

SIDE = 28
PIXELS = SIDE * SIDE


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

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(silu(self.first(silu(x))))


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
    """x -> (mu, logvar), the parameters of the diagonal Gaussian posterior q(z|x)."""

    def __init__(self, a: Architecture):
        super().__init__()
        if a.family == "conv":
            self.features = nn.Sequential(
                nn.Conv2d(1, a.channels, 4, stride=2, padding=1),  # 28 -> 14
                nn.SiLU(),
                nn.Conv2d(a.channels, a.channels, 4, stride=2, padding=1),  # 14 -> 7
                nn.SiLU(),
                nn.Flatten(),
            )
            inputs = a.channels * 7 * 7
        else:
            self.features = nn.Flatten()
            inputs = PIXELS
        self.head = residual_mlp(inputs + a.classes, a.width, a.hidden, a.encoder_blocks, 2 * a.latent_dim)

    def forward(self, x: Tensor, label: Tensor | None) -> tuple[Tensor, Tensor]:
        features = self.features(x.unsqueeze(1))  # (batch, inputs)
        mu, logvar = self.head(_join(features, label)).chunk(2, dim=1)
        return mu, logvar


class Decoder(nn.Module):
    """z -> the logits of the Bernoulli pixels of p(x|z)."""

    def __init__(self, a: Architecture):
        super().__init__()
        inputs = a.latent_dim + a.classes
        if a.family == "conv":
            self.head = residual_mlp(inputs, a.width, a.hidden, a.decoder_blocks, a.channels * 7 * 7)
            self.picture = nn.Sequential(
                nn.Unflatten(1, (a.channels, 7, 7)),
                ResidualConv(a.channels),
                nn.SiLU(),
                nn.ConvTranspose2d(a.channels, a.channels, 4, stride=2, padding=1),  # 7 -> 14
                ResidualConv(a.channels),
                nn.SiLU(),
                nn.ConvTranspose2d(a.channels, 1, 4, stride=2, padding=1),  # 14 -> 28
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

    def posterior(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """mu and logvar of q(z|x), each (batch, latent), for x (batch, 28, 28) and labels y (batch,)."""
        return self.encoder(x, self._label(y))

    def logits(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Logits (batch, 28, 28) of the pixels of p(x|z), for z (batch, latent) and labels y (batch,)."""
        return self.decoder(z, self._label(y))

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
        return VAE(architecture)


def load_vae(root: str | Path, spec: ModelSpec, epoch: int | None = None) -> VAE:
    """A shipped model in float32, frozen: in eval mode, without gradients, to be shared and never changed.

    Parameters
    ----------
    root : folder of the manifest
    spec : the model's entry in it
    epoch : one of `spec.epochs`, or None for the model itself

    Raises
    ------
    ValueError
        If no weights of that epoch are shipped.
    ArtifactError
        If the file is missing, altered, or does not fit the architecture.
    """
    if epoch is None or epoch == spec.epoch:
        artifact = spec.weights
    elif epoch in spec.snapshots:
        artifact = spec.snapshots[epoch]
    else:
        raise ValueError(f"{spec.id} has no weights of epoch {epoch}; choose one of {spec.epochs}")
    model = new_vae(spec.architecture, seed=0)  # its weights are replaced at once
    try:
        state = {name: tensor.float() for name, tensor in load(verified(root, artifact)).items()}
        model.load_state_dict(state, strict=True)
    except (RuntimeError, ValueError, SafetensorError) as error:
        raise ArtifactError(f"{artifact.file} does not hold the weights of {spec.id} ({error})") from error
    return model.eval().requires_grad_(False)


def _join(features: Tensor, label: Tensor | None) -> Tensor:
    return features if label is None else torch.cat([features, label], dim=1)
