"""Charts of the page Loss theory: data in, altair out. Concept colours as in `concepts`."""

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from vae_core.latent import normal_density

TOP = alt.Legend(orient="top", title=None, columns=2, labelLimit=400)
ELBO = concepts.X_HAT.colour  # as in the training curves


def draws_histogram(log_likelihoods: np.ndarray, marks: dict[str, float]) -> alt.LayerChart:
    """How log p(x|z_i) spreads over the draws (n,), in nats, with named rules such as the estimate of log p(x)."""
    low, high = float(log_likelihoods.min()), float(log_likelihoods.max())
    counts, edges = np.histogram(log_likelihoods, bins=60, range=(low, max(high, low + 1)))
    rows = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "draws": counts})
    bars = (
        alt.Chart(rows)
        .mark_rect(color=concepts.Z.colour, opacity=0.7)
        .encode(
            x=alt.X("from:Q", title="log p(x | z), nats", scale=alt.Scale(zero=False, nice=True)),
            x2=alt.X2("to:Q"),
            y=alt.Y("draws:Q", title="draws of z"),
            y2=alt.Y2Datum(0),
            tooltip=[alt.Tooltip("from:Q", format=".0f"), alt.Tooltip("to:Q", format=".0f"), alt.Tooltip("draws")],
        )
    )
    rules = (
        alt.Chart(pd.DataFrame({"nats": list(marks.values()), "mark": list(marks)}))
        .mark_rule(size=2.5)
        .encode(
            x=alt.X("nats:Q"),
            color=alt.Color(
                "mark:N",
                sort=None,
                scale=alt.Scale(domain=list(marks), range=[concepts.KL.colour, concepts.MU.colour]),
                legend=alt.Legend(orient="top", title=None, columns=1, labelLimit=400),
            ),
            strokeDash=alt.StrokeDash("mark:N", sort=None, scale=alt.Scale(domain=list(marks), range=[[1, 0], [5, 3]])),
            tooltip=[alt.Tooltip("mark"), alt.Tooltip("nats:Q", format=".1f")],
        )
    )
    return alt.layer(bars, rules).properties(height=300)


def running_estimates(estimates: dict[str, np.ndarray], reference: float) -> alt.LayerChart:
    """The estimate of log p(x) after the first n draws, a line a seed, in nats; the rule is a better estimate."""
    count = len(next(iter(estimates.values())))
    n = np.unique(np.geomspace(1, count, 150).astype(int))
    rows = pd.concat(
        [pd.DataFrame({"draws": n, "nats": line[n - 1], "seed": name}) for name, line in estimates.items()]
    )
    lines = (
        alt.Chart(rows)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("draws:Q", title="draws so far", scale=alt.Scale(type="log", nice=False)),
            y=alt.Y("nats:Q", title="estimate of log p(x), nats", scale=alt.Scale(zero=False)),
            color=alt.Color("seed:N", sort=None, legend=alt.Legend(orient="top", title=None, columns=3)),
            tooltip=[alt.Tooltip("seed"), alt.Tooltip("draws"), alt.Tooltip("nats:Q", format=".1f")],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"nats": [reference]}))
        .mark_rule(size=2.5, strokeDash=[5, 3], color=concepts.MU.colour)
        .encode(y=alt.Y("nats:Q"), tooltip=[alt.Tooltip("nats:Q", format=".1f")])
    )
    return alt.layer(lines, rule).properties(height=300)


def dropped_gaussians(x: np.ndarray, parts: np.ndarray, last: int, exact: np.ndarray, at: float) -> alt.LayerChart:
    """p(x) of the toy as a sum: the Gaussians (stops, n) up to the stop `last`, their sum, and the exact p(x) (n,)."""
    names = ["one Gaussian for each stop of z", "their sum so far", "p(x), the whole integral"]
    thin = pd.concat([pd.DataFrame({"x": x, "density": part, "stop": i}) for i, part in enumerate(parts[: last + 1])])
    thin["curve"] = names[0]
    thick = pd.concat(
        [
            pd.DataFrame({"x": x, "density": parts[: last + 1].sum(axis=0), "curve": names[1]}),
            pd.DataFrame({"x": x, "density": exact, "curve": names[2]}),
        ]
    )
    colour = alt.Color(
        "curve:N",
        sort=None,
        scale=alt.Scale(domain=names, range=[concepts.Z.colour, concepts.X_HAT.colour, concepts.X.colour]),
        legend=alt.Legend(orient="top", title=None, columns=1, labelLimit=400),
    )
    scale = alt.Scale(domain=[0, float(exact.max()) * 1.15])
    base = {"x": alt.X("x:Q", title="x"), "y": alt.Y("density:Q", title="density", scale=scale), "color": colour}
    dash = alt.StrokeDash("curve:N", scale=alt.Scale(domain=names, range=[[1, 0], [1, 0], [5, 3]]), legend=None)
    one = alt.Chart(thin).mark_line(strokeWidth=1).encode(**base, detail=alt.Detail("stop:N"))
    both = alt.Chart(thick).mark_line(strokeWidth=3).encode(**base, strokeDash=dash)
    rule = (
        alt.Chart(pd.DataFrame({"x": [at]}))
        .mark_rule(color=concepts.X.colour, strokeDash=[2, 2])
        .encode(x=alt.X("x:Q"))
    )
    return alt.layer(one, both, rule).properties(height=340)


def bent_decoder(z: np.ndarray, mean: np.ndarray, sigma: float, stop: float, at: float) -> alt.LayerChart:
    """The toy's decoder: f(z) with a band of one sigma, the stop of z on it, and the x of interest."""
    rows = pd.DataFrame({"z": z, "f": mean, "low": mean - sigma, "high": mean + sigma})
    y = alt.Scale(domain=[-3, 6], clamp=True)
    x = alt.X("z:Q", title="code z")
    band = (
        alt.Chart(rows)
        .mark_area(color=concepts.X_HAT.colour, opacity=0.2)
        .encode(x=x, y=alt.Y("low:Q", scale=y, title="f(z) ± σ"), y2=alt.Y2("high:Q"))
    )
    line = alt.Chart(rows).mark_line(color=concepts.X_HAT.colour).encode(x=x, y=alt.Y("f:Q", scale=y))
    here = pd.DataFrame({"z": [stop], "f": [float(np.interp(stop, z, mean))]})
    dot = (
        alt.Chart(here)
        .mark_point(color=concepts.Z.colour, filled=True, size=160, opacity=1)
        .encode(x=x, y=alt.Y("f:Q", scale=y), tooltip=[alt.Tooltip("z"), alt.Tooltip("f:Q", format=".2f")])
    )
    rule = (
        alt.Chart(pd.DataFrame({"x": [at]}))
        .mark_rule(color=concepts.X.colour, strokeDash=[2, 2])
        .encode(y=alt.Y("x:Q", scale=y))
    )
    return alt.layer(band, line, rule, dot).properties(height=340)


def bound_and_gap(log_evidence: float, elbo: float, gap: float) -> alt.LayerChart:
    """ELBO + KL(q || p(z|x)) = log p(x) as lengths from 0, in nats: however the two share it, they end at one line."""
    names = [f"ELBO {elbo:.2f}", f"+ KL(q || p(z|x)) {gap:.2f}", f"= log p(x) {log_evidence:.2f}"]
    rows = pd.DataFrame(
        {
            "bar": names,
            "start": [0, elbo, 0],
            "end": [elbo, elbo + gap, log_evidence],
            "nats": [elbo, gap, log_evidence],
        }
    )
    scale = alt.Scale(domain=[min(-8, round(log_evidence) - 4), max(0, log_evidence)], clamp=True)
    bars = (
        alt.Chart(rows)
        .mark_bar(size=22)
        .encode(
            x=alt.X("start:Q", scale=scale, title="nats"),
            x2=alt.X2("end:Q"),
            y=alt.Y("bar:N", sort=None, title=None, axis=None),
            color=alt.Color(
                "bar:N",
                sort=None,
                scale=alt.Scale(domain=names, range=[ELBO, concepts.KL.colour, concepts.X.colour]),
                legend=alt.Legend(orient="top", title=None, columns=1, symbolType="square", labelLimit=400),
            ),
            tooltip=[alt.Tooltip("bar"), alt.Tooltip("nats:Q", format=".3f")],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"nats": [log_evidence]}))
        .mark_rule(color=concepts.X.colour, size=2)
        .encode(x=alt.X("nats:Q", scale=scale))
    )
    return alt.layer(bars, rule).properties(height=290)


def q_and_posterior(z: np.ndarray, q: np.ndarray, posterior: np.ndarray) -> alt.Chart:
    """Densities of q(z|x) and of the true posterior p(z|x) over z, with the prior."""
    return _densities(
        z,
        {
            "q(z|x), yours": (q, concepts.SIGMA.colour),
            "p(z|x), the true posterior": (posterior, concepts.Z.colour),
            "p(z), the prior": (normal_density(z, 0, 1), concepts.X.colour),
        },
        highest=2,
    )


def noise_to_code(epsilon: np.ndarray, z: np.ndarray) -> alt.LayerChart:
    """z over epsilon for each held noise, both (n,): dots on the line z = mu + sigma epsilon, on fixed axes."""
    rows = pd.DataFrame({"epsilon": epsilon, "z": z, "dot": np.arange(1, len(z) + 1)})
    x = alt.X("epsilon:Q", title="ε, the noise (held)", scale=alt.Scale(domain=[-3, 3]))
    y = alt.Y("z:Q", title="z = μ + σ·ε", scale=alt.Scale(domain=[-6, 6], clamp=True))
    line = alt.Chart(rows).mark_line(color=concepts.SIGMA.colour).encode(x=x, y=y)
    dots = (
        alt.Chart(rows)
        .mark_point(filled=True, size=90, opacity=1, color=concepts.Z.colour)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("epsilon:Q", format=".2f"), alt.Tooltip("z:Q", format=".2f")])
    )
    on_axis = (
        alt.Chart(rows)
        .mark_tick(color=concepts.Z.colour, thickness=2, size=14, orient="horizontal")
        .encode(x=alt.datum(-3), y=y)
    )
    return alt.layer(line, dots, on_axis).properties(height=300)


def gradient_histograms(samples: dict[str, np.ndarray], slope: float) -> alt.LayerChart:
    """One-sample estimates of a slope, a histogram for each way (its name -> (n,)) above the other, each as high."""
    rows = []
    for place, (way, values) in enumerate(reversed(samples.items())):
        counts, edges = np.histogram(values, bins=40, range=tuple(np.quantile(values, [0.005, 0.995])))
        height = 0.75 * counts / counts.max()
        share = counts / len(values)
        rows.append(
            pd.DataFrame(
                {"from": edges[:-1], "to": edges[1:], "base": place, "top": place + height, "share": share, "way": way}
            )
        )
    data = pd.concat(rows)
    low, high = float(data["from"].min()), float(data["to"].max())
    x = alt.X("from:Q", title="slope, estimated from one sample", scale=alt.Scale(domain=[low, high]))
    y = alt.Y("base:Q", axis=None, scale=alt.Scale(domain=[0, len(samples)]))
    colour = alt.Color(
        "way:N",
        scale=alt.Scale(domain=list(samples), range=[concepts.MU.colour, concepts.KL.colour, concepts.EPSILON.colour]),
        legend=None,
    )
    tooltip = [
        alt.Tooltip("way:N"),
        alt.Tooltip("from:Q", format=".2f"),
        alt.Tooltip("to:Q", format=".2f"),
        alt.Tooltip("share:Q", format=".1%"),
    ]
    bars = (
        alt.Chart(data)
        .mark_rect()
        .encode(x=x, x2=alt.X2("to:Q"), y=y, y2=alt.Y2("top:Q"), color=colour, tooltip=tooltip)
    )
    names = (
        alt.Chart(pd.DataFrame({"from": low, "base": np.arange(len(samples)) + 0.88, "way": list(reversed(samples))}))
        .mark_text(align="left", fontSize=13, fontWeight="bold")
        .encode(x=x, y=y, text=alt.Text("way:N"), color=colour)
    )
    rule = (
        alt.Chart(pd.DataFrame({"from": [slope]}))
        .mark_rule(color=concepts.X.colour, size=2, strokeDash=[4, 2])
        .encode(x=x)
    )
    return alt.layer(bars, rule, names).properties(height=330)


def sigma_of_logvar(logvar: float) -> alt.LayerChart:
    """sigma = exp(log sigma^2 / 2) over log sigma^2, with the chosen point."""
    grid = np.linspace(-10, 4, 200)
    x = alt.X("logvar:Q", title="log σ², what the network gives")
    y = alt.Y("sigma:Q", title="σ = exp(½ log σ²)")
    line = (
        alt.Chart(pd.DataFrame({"logvar": grid, "sigma": np.exp(0.5 * grid)}))
        .mark_line(color=concepts.SIGMA.colour)
        .encode(x=x, y=y)
    )
    dot = (
        alt.Chart(pd.DataFrame({"logvar": [logvar], "sigma": [np.exp(0.5 * logvar)]}))
        .mark_point(filled=True, size=180, opacity=1, color=concepts.SIGMA.colour)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("logvar:Q", format=".2f"), alt.Tooltip("sigma:Q", format=".3f")])
    )
    return alt.layer(line, dot).properties(height=240)


def kl_slopes(sigma: np.ndarray, by_logvar: np.ndarray, by_sigma: np.ndarray, at: float) -> alt.LayerChart:
    """The size of the KL's slope over sigma (n,) for either output of a network, both axes logarithmic."""
    names = ["output is log σ²", "output is σ itself"]
    rows = pd.concat(
        [
            pd.DataFrame({"sigma": sigma, "slope": np.abs(slope).clip(1e-3), "network": name})
            for name, slope in zip(names, (by_logvar, by_sigma), strict=True)
        ]
    )
    lines = (
        alt.Chart(rows)
        .mark_line()
        .encode(
            x=alt.X("sigma:Q", title="σ", scale=alt.Scale(type="log", nice=False)),
            y=alt.Y(
                "slope:Q", title="size of the KL's slope", scale=alt.Scale(type="log", domain=[0.01, 1000], clamp=True)
            ),
            color=alt.Color(
                "network:N",
                sort=None,
                scale=alt.Scale(domain=names, range=[concepts.SIGMA.colour, concepts.KL.colour]),
                legend=TOP,
            ),
            strokeDash=alt.StrokeDash("network:N", sort=None, scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]])),
            tooltip=[
                alt.Tooltip("network"),
                alt.Tooltip("sigma:Q", format=".3f"),
                alt.Tooltip("slope:Q", format=".3g"),
            ],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"sigma": [at]}))
        .mark_rule(color=concepts.X.colour, strokeDash=[2, 2])
        .encode(x=alt.X("sigma:Q"))
    )
    return alt.layer(lines, rule).properties(height=240)


def beta_ruler(beta: float, shipped: dict[str, float]) -> alt.LayerChart:
    """The recipe's effective beta on a logarithmic line, beside the betas of shipped models (id -> beta)."""
    low, high = min(0.01, beta / 3), max(100, beta * 3)
    x = alt.X("beta:Q", title="β, logarithmic", scale=alt.Scale(type="log", domain=[low, high], nice=False))
    models = pd.DataFrame({"beta": list(shipped.values()), "model": list(shipped)})
    ticks = (
        alt.Chart(models)
        .mark_tick(thickness=3, size=28, color=concepts.X.colour)
        .encode(x=x, tooltip=[alt.Tooltip("model"), alt.Tooltip("beta")])
    )
    names = ticks.mark_text(dy=-24, color=concepts.X.colour).encode(text=alt.Text("beta:Q", format="~g"))
    one = (
        alt.Chart(pd.DataFrame({"beta": [beta]}))
        .mark_point(filled=True, shape="diamond", size=320, opacity=1, color=concepts.KL.colour)
        .encode(x=x, tooltip=[alt.Tooltip("beta:Q", format=".4g")])
    )
    return alt.layer(ticks, names, one).properties(height=130)


def pixel_curves(x: np.ndarray, curves: dict[str, np.ndarray]) -> alt.Chart:
    """log p(x_i) of one pixel over its grey value x (n,), a curve for each likelihood: name -> (n,), in nats."""
    names = list(curves)
    rows = pd.concat([pd.DataFrame({"x": x, "nats": y, "likelihood": name}) for name, y in curves.items()])
    colours = [concepts.RECONSTRUCTION.colour, concepts.X_HAT.colour, concepts.SIGMA.colour]
    return (
        alt.Chart(rows)
        .mark_line(strokeWidth=3)
        .encode(
            x=alt.X("x:Q", title="grey value of the pixel, xᵢ"),
            y=alt.Y("nats:Q", title="log p(xᵢ | z), nats", scale=alt.Scale(domain=[-8, 4], clamp=True)),
            color=alt.Color("likelihood:N", sort=None, scale=alt.Scale(domain=names, range=colours), legend=TOP),
            strokeDash=alt.StrokeDash(
                "likelihood:N", sort=None, scale=alt.Scale(domain=names, range=[[1, 0], [6, 3], [2, 2]])
            ),
            tooltip=[alt.Tooltip("likelihood"), alt.Tooltip("x:Q", format=".2f"), alt.Tooltip("nats:Q", format=".3f")],
        )
        .properties(height=340)
    )


def normaliser(mean: np.ndarray, constant: np.ndarray, at: float) -> alt.LayerChart:
    """C, by which the continuous Bernoulli multiplies, over sigmoid(logit) (n,), with the chosen place."""
    rows = pd.DataFrame({"mean": mean, "C": constant})
    line = (
        alt.Chart(rows)
        .mark_line(color=concepts.X_HAT.colour, strokeWidth=3)
        .encode(
            x=alt.X("mean:Q", title="sigmoid(logit)"),
            y=alt.Y("C:Q", title="normaliser C"),
            tooltip=[alt.Tooltip("mean:Q", format=".2f"), alt.Tooltip("C:Q", format=".2f")],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"mean": [at]}))
        .mark_rule(color=concepts.X.colour, strokeDash=[2, 2])
        .encode(x=alt.X("mean:Q"))
    )
    return alt.layer(line, rule).properties(height=340)


def two_gaussians(mu: float, sigma: float) -> alt.Chart:
    """The densities of N(mu, sigma^2) and of the prior N(0, 1) over one latent dimension, on fixed axes."""
    z = np.linspace(-5, 5, 301)
    curves = {
        "posterior N(μ, σ²)": (normal_density(z, mu, sigma), concepts.SIGMA.colour),
        "prior N(0, 1)": (normal_density(z, 0, 1), concepts.X.colour),
    }
    return _densities(z, curves, highest=2)


def estimate_with_error(closed_form: float, estimate: float, standard_error: float) -> alt.LayerChart:
    """The exact KL as a line beside a Monte Carlo estimate with bars of one and two standard errors, in nats."""
    rows = pd.DataFrame(
        {
            "way": ["sampling"],
            "nats": [estimate],
            "low": [estimate - 2 * standard_error],
            "high": [estimate + 2 * standard_error],
        }
    )
    exact = pd.DataFrame({"nats": [closed_form]})
    y = alt.Y("way:N", title=None, axis=None)
    x = alt.Scale(zero=False, nice=True, padding=20)
    rule = (
        alt.Chart(exact)
        .mark_rule(color=concepts.KL.colour, size=3)
        .encode(x=alt.X("nats:Q", scale=x, title="KL, nats"))
    )
    bar = (
        alt.Chart(rows)
        .mark_rule(color=concepts.EPSILON.colour, size=3)
        .encode(y=y, x=alt.X("low:Q"), x2=alt.X2("high:Q"))
    )
    dot = (
        alt.Chart(rows)
        .mark_point(color=concepts.EPSILON.colour, filled=True, size=300, shape="diamond", opacity=1)
        .encode(y=y, x=alt.X("nats:Q"), tooltip=[alt.Tooltip("nats:Q", format=".3f")])
    )
    return alt.layer(rule, bar, dot).properties(height=110)


def _densities(z: np.ndarray, curves: dict[str, tuple[np.ndarray, str]], highest: float) -> alt.Chart:
    """Filled densities over z on fixed axes: name -> (density (n,), colour)."""
    rows = pd.concat([pd.DataFrame({"z": z, "density": d, "distribution": name}) for name, (d, _) in curves.items()])
    return (
        alt.Chart(rows)
        .mark_area(opacity=0.35, line=True)
        .encode(
            x=alt.X("z:Q", title="z", scale=alt.Scale(domain=[float(z[0]), float(z[-1])])),
            y=alt.Y("density:Q", title="density", stack=None, scale=alt.Scale(domain=[0, highest], clamp=True)),
            color=alt.Color(
                "distribution:N",
                sort=None,
                scale=alt.Scale(domain=list(curves), range=[colour for _, colour in curves.values()]),
                legend=alt.Legend(orient="top", title=None, columns=1, labelLimit=400),
            ),
        )
        .properties(height=380)
    )
