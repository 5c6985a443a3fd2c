"""Charts of Gaussian sampling, written as SVG: where every sample moves with a slider, altair's 40 ms a chart are too much."""

import base64

import numpy as np

from pages.kit import concepts

INK = concepts.X.colour  # a mid-tone: legible on a light and on a dark page


def norms(drawn: np.ndarray, at: np.ndarray, density: np.ndarray) -> bytes:
    """The norms (n,) of the codes drawn, as a histogram, and the density of the prior's own norms at `at`, as an SVG.

    The axes are the prior's, whatever was drawn: bars that are too tall, and norms beyond the last of `at`, are cut off.
    """
    width, height, left, top = 380, 170, 40, 8
    most, furthest = 1.8 * density.max(), float(at.max())
    share, edges = np.histogram(drawn, bins=24, range=(0, furthest))
    tall = np.minimum(share / len(drawn) / edges[1] / most, 1) * height
    wide = width / len(tall)
    parts = [_head(left + width + 8, top + height + 42)]
    for norm in range(0, int(furthest) + 1, 1 if furthest < 9 else 2):
        parts.append(_text(left + norm / furthest * width, top + height + 18, str(norm)))
    parts.append(_text(left + width / 2, top + height + 36, "norm of z"))
    parts.append(
        f'<text transform="translate(14 {top + height / 2}) rotate(-90)" text-anchor="middle">density</text>'
        f'<g transform="translate({left} {top})">'
    )
    for bar, size in enumerate(tall.tolist()):
        if size:
            x, y = bar * wide, height - size
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide - 1:.1f}" height="{size:.1f}" fill="{concepts.Z.colour}"/>'
            )
    places = np.column_stack([at / furthest * width, height * (1 - density / most)])
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in places.tolist())
    parts.append(f'<path d="M{line}" fill="none" stroke="{INK}" stroke-width="3" stroke-dasharray="7 4"/>')
    parts.append(f'<path d="M0 {height}h{width}" stroke="{INK}"/></g></svg>')
    return "".join(parts).encode()


def plane(
    *,
    side: int,
    ticks: list[tuple[float, str]],
    titles: tuple[str, str],
    pictures: bytes | None,
    codes: np.ndarray | None,
    labels: np.ndarray,
    colours: list[str],
    cells: int,
) -> bytes:
    """A square of `side` pixels with axes, as an SVG: decoded pictures, codes over them or alone, or both.

    `pictures` is a square PNG. `codes` (n, 2) lie at shares of the axes, 0 to 1 from the left and from below;
    those outside are left out. `ticks` are shares with their text, `colours` those of the classes `labels` (n,), and
    `cells` the number of pictures in a row: where there are codes, a cross marks the middle of each.
    """
    left, top = 46, 8
    parts = [_head(left + side + 8, top + side + 46)]
    for share, text in ticks:
        parts.append(_text(left + share * side, top + side + 19, text))
        parts.append(_text(left - 5, top + (1 - share) * side + 5, text, "end"))
    parts.append(
        f'<text x="{left + side / 2}" y="{top + side + 40}" text-anchor="middle">{titles[0]}</text>'
        f'<text transform="translate(14 {top + side / 2}) rotate(-90)" text-anchor="middle">{titles[1]}</text>'
        f'<g transform="translate({left} {top})" fill="none" stroke-linecap="round">'
    )
    if pictures is not None:
        source = base64.b64encode(pictures).decode()
        parts.append(
            f'<image width="{side}" height="{side}" style="image-rendering: pixelated" href="data:image/png;base64,{source}"/>'
        )
    if codes is not None:
        inside = ((codes > 0) & (codes < 1)).all(axis=1)
        places = codes * [side, -side] + [0, side]
        for label, colour in enumerate(colours):
            dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places[inside & (labels == label)])
            parts.append(f'<path d="{dots}" stroke="{colour}" stroke-width="3.6" opacity="0.9"/>')
        step = side / cells
        crosses = "".join(
            f"M{(i + 0.5) * step - 3:.1f} {(j + 0.5) * step:.1f}h6m-3 -3v6" for i in range(cells) for j in range(cells)
        )
        parts.append(f'<path d="{crosses}" stroke="{INK}" stroke-width="1"/>')
    parts.append(f'<rect width="{side}" height="{side}" stroke="{INK}"/></g></svg>')
    return "".join(parts).encode()


def legend(classes: tuple[str, ...], colours: list[str]) -> str:
    """The classes' names with their colours, as HTML."""
    dot = '<span style="white-space: nowrap"><span style="color: {}">●</span> {}</span>'
    names = "&ensp; ".join(dot.format(colour, name) for name, colour in zip(classes, colours, strict=False))
    return f'<div style="font-size: 0.85rem">{names}</div>'


def _head(width: float, height: float) -> str:
    size = f'width="{width}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="16" fill="{INK}">'


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
