"""Two latent dimensions and how far one looks along them: what the map and the search for holes both show."""

from dataclasses import dataclass

import numpy as np

from pages.kit import computed
from pages.kit.controls import row
from pages.kit.picker import Choice, chosen_axes
from vae_core import density

SIDE = 80  # cells in a row


@dataclass(frozen=True)
class Window:
    """A square of latent space in SIDE x SIDE cells, from -limit to limit in two dimensions; the others are integrated out.

    `axis` (SIDE,) are the cells' centres, `log_q` (SIDE, SIDE) is the log of q's mean over each cell, in nats; its rows
    run upwards.
    """

    dims: tuple[int, int]  # to the right and upwards
    limit: float
    axis: np.ndarray
    log_q: np.ndarray

    @property
    def names(self) -> tuple[str, str]:
        """The two dimensions, as an axis calls them."""
        return f"z{self.dims[0] + 1}", f"z{self.dims[1] + 1}"

    @property
    def centres(self) -> np.ndarray:
        """The cells' centres as places of the plane, (SIDE, SIDE, 2)."""
        return np.stack(np.meshgrid(self.axis, self.axis), axis=-1)

    @property
    def log_p(self) -> np.ndarray:
        """The prior's log-density at each cell's centre, (SIDE, SIDE) in nats."""
        return density.log_prior(self.centres.reshape(-1, 2)).reshape(self.log_q.shape)


def chosen_window(choice: Choice) -> Window:
    """The plane of a model with two dimensions; of others the two that the reader asks for, the most used ones first."""
    with row():
        dims = chosen_axes(choice, "To the right", "Upwards", ("holes_right", "holes_up"), width=140)
    reach = np.quantile(np.abs(choice.codes.mu[:, list(dims)]), 0.998)
    limit = float(np.ceil(max(3.0, reach)))
    return Window(dims, limit, *computed.density_grid(choice.spec, dims, limit, SIDE))
