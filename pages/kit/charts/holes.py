"""Charts of the page Holes: where the codes lie, what the KL is made of, how well a mixture fits."""

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.layers import layered

FLOOR = -12.0  # nats; below it every place is drawn as empty


def density_map(axis: np.ndarray, log_density: np.ndarray, name: str, names: tuple[str, str], diverging: bool = False):
    """A square picture of log-densities (side, side) in nats over two dimensions, with the prior's circles over it.

    Values below `FLOOR` are drawn as `FLOOR`; diverging values run from -6 to 6 around 0.
    """
    right, up = np.meshgrid(axis, axis)
    step = axis[1] - axis[0]
    half = 0.65 * step  # squares overlap a little, or the page would shine through their seams
    low, high = (-6.0, 6.0) if diverging else (FLOOR, 0.0)
    rows = pd.DataFrame(
        {
            "x": right.ravel(),
            "y": up.ravel(),
            "value": log_density.ravel(),
            "shown": log_density.ravel().clip(low, high),
        }
    ).astype(np.float32)
    limit = float(axis[-1] + step / 2)
    span = alt.Scale(domain=[-limit, limit], nice=False, zero=False)
    colour = alt.Color(
        "shown:Q",
        title=f"{name}, nats",
        scale=alt.Scale(domain=[low, 0, high], scheme="redblue") if diverging else alt.Scale(domain=[low, high]),
        legend=alt.Legend(orient="bottom", gradientLength=260, titleLimit=300),
    )
    squares = (
        alt.Chart(rows)
        .transform_calculate(
            left=f"datum.x - {half}", right=f"datum.x + {half}", low=f"datum.y - {half}", high=f"datum.y + {half}"
        )
        .mark_rect(strokeWidth=0)
        .encode(
            x=alt.X("left:Q", title=names[0], scale=span, axis=alt.Axis(grid=False)),
            x2=alt.X2("right:Q"),
            y=alt.Y("low:Q", title=names[1], scale=span, axis=alt.Axis(grid=False)),
            y2=alt.Y2("high:Q"),
            color=colour,
            tooltip=[
                alt.Tooltip("x:Q", format=".2f", title=names[0]),
                alt.Tooltip("y:Q", format=".2f", title=names[1]),
                alt.Tooltip("value:Q", format=".2f", title=name),
            ],
        )
    )
    angle = np.linspace(0, 2 * np.pi, 73)
    circles = pd.DataFrame(
        [
            {"x": k * np.cos(a), "y": k * np.sin(a), "order": a, "radius": k}
            for k in (1, 2, 3)
            for a in angle
            if k <= limit
        ]
    )
    prior = alt.Chart(circles).encode(
        x=alt.X("x:Q"), y=alt.Y("y:Q"), order=alt.Order("order:Q"), detail=alt.Detail("radius:N")
    )
    halo = prior.mark_line(color="white", strokeWidth=4)  # grey is seen on any shade of the map
    dashes = prior.mark_line(color=concepts.X.colour, strokeDash=[5, 3], strokeWidth=2)
    # As high as it is wide, whatever that may be: a unit is as long upwards as to the right.
    square = {"params": [{"name": "height", "expr": "width"}], "autosize": {"type": "fit-x", "contains": "padding"}}
    return layered(squares, halo, dashes, height=520) | square


def surgery_bars(mutual_information: float, marginal_kl: float, kl: float, ceiling: float) -> dict:
    """The mean KL as a bar, above the two parts it is made of, with log N as a line; in nats."""
    information = f"I(x; z) {mutual_information:.2f}"
    marginal = f"KL(q(z) ‖ p(z)) {marginal_kl:.2f}"
    total = f"mean KL(q(z|x) ‖ p(z)) {kl:.2f}"
    kl_colour = concepts.KL.colour
    parts = {information: f"{kl_colour}b0", marginal: f"{kl_colour}50", total: kl_colour}  # parts of it: its tints
    rows = pd.DataFrame(
        [
            {"row": "closed form", "part": total, "start": 0.0, "end": kl, "nats": kl},
            {
                "row": "its parts",
                "part": information,
                "start": 0.0,
                "end": mutual_information,
                "nats": mutual_information,
            },
            {
                "row": "its parts",
                "part": marginal,
                "start": mutual_information,
                "end": mutual_information + marginal_kl,
                "nats": marginal_kl,
            },
        ]
    )
    bars = (
        alt.Chart(rows)
        .mark_bar(size=30, stroke=kl_colour, strokeWidth=1.5)
        .encode(
            x=alt.X("start:Q", title="nats, mean over the gallery"),
            x2=alt.X2("end:Q"),
            y=alt.Y("row:N", sort=None, title=None),
            color=alt.Color(
                "part:N",
                scale=alt.Scale(domain=list(parts), range=list(parts.values())),
                legend=alt.Legend(
                    orient="top",
                    direction="vertical",
                    title=None,
                    symbolType="square",
                    symbolSize=200,
                    symbolStrokeWidth=1,
                    labelLimit=300,
                ),
            ),
            tooltip=[alt.Tooltip("part"), alt.Tooltip("nats:Q", format=".2f")],
        )
    )
    most = pd.DataFrame({"nats": [ceiling]})
    rule = alt.Chart(most).mark_rule(color=concepts.X.colour, size=3, strokeDash=[4, 3]).encode(x=alt.X("nats:Q"))
    return layered(bars, rule, height=230)


def surgery_table(parts) -> str:
    """The numbers of a `vae_core.density.Surgery` as a Markdown table."""
    rows = [
        ("mean KL, closed form", parts.kl, None),
        ("I(x; z)", parts.mutual_information.nats, parts.mutual_information.standard_error),
        ("KL(q(z) ‖ p(z))", parts.marginal_kl.nats, parts.marginal_kl.standard_error),
        ("sum of both", parts.kl_sampled.nats, parts.kl_sampled.standard_error),
        ("log N, the most that I(x; z) can be", parts.ceiling, None),
    ]
    lines = [f"| {name} | {nats:.2f} | {'' if error is None else f'{error:.2f}'} |" for name, nats, error in rows]
    return "\n".join(["| | nats | ± s.e. |", "|---|---|---|", *lines])


def mixture_scores(scores: dict[int, float], prior: float, chosen: int) -> dict:
    """Mean log-density of held-out codes under each mixture, with the prior's as a line; in nats a picture."""
    rows = pd.DataFrame([{"components": str(k), "nats": nats, "chosen": k == chosen} for k, nats in scores.items()])
    y = alt.Y("nats:Q", title="log-density, nats", scale=alt.Scale(zero=False, padding=12))
    x = alt.X("components:N", sort=None, title="components of the mixture", axis=alt.Axis(labelAngle=0))
    line = alt.Chart(rows).mark_line(color=concepts.Z.colour).encode(x=x, y=y)
    dots = (
        alt.Chart(rows)
        .mark_point(filled=True, color=concepts.Z.colour, opacity=1)
        .encode(
            x=x,
            y=y,
            size=alt.Size("chosen:N", scale=alt.Scale(domain=[False, True], range=[60, 240]), legend=None),
            tooltip=[alt.Tooltip("components"), alt.Tooltip("nats:Q", format=".2f")],
        )
    )
    flat = pd.DataFrame({"nats": [prior], "text": ["the prior N(0, I)"]})
    rule = alt.Chart(flat).mark_rule(color=concepts.X.colour, strokeDash=[5, 3], size=2).encode(y=alt.Y("nats:Q"))
    text = (
        alt.Chart(flat)
        .mark_text(align="right", dy=-8, color=concepts.X.colour)
        .encode(x=alt.XValue("width"), y=alt.Y("nats:Q"), text=alt.Text("text:N"))
    )
    return layered(*([rule, text] if prior > min(scores.values()) - 5 else []), line, dots, height=220)
