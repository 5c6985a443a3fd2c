"""Numbers as files that a spreadsheet opens: what they are about in a comment line, then a row for each."""

import csv
import io

import numpy as np


def code_table(about: dict[str, object], *, mu: np.ndarray, logvar: np.ndarray | None, epsilon=None) -> bytes:
    """A code as CSV, a row for each latent dimension: mu, (latent,); log sigma^2 and sigma, unless the model has no
    posterior; and with noise epsilon (latent,) also z = mu + sigma epsilon.
    """
    columns = {"dimension": range(1, len(mu) + 1), "mu" if logvar is not None else "code": mu}
    if logvar is not None:
        sigma = np.exp(0.5 * logvar)
        columns |= {"logvar": logvar, "sigma": sigma}
        if epsilon is not None:
            columns |= {"epsilon": epsilon, "z": mu + sigma * epsilon}
    out = io.StringIO()
    out.write(f"# {', '.join(f'{what} {value}' for what, value in about.items())}\n")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows([f"{value:.7g}" for value in row] for row in zip(*columns.values(), strict=True))
    return out.getvalue().encode()
