"""Step 4: the reparameterisation, and what it spares: the spread of the gradient."""

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.charts.theory.noise import gradient_histograms, noise_to_code
from pages.kit.concepts import EPSILON, MU, SIGMA, Z, tex
from pages.kit.controls import row, times_pressed
from pages.kit.picker import Choice, chosen_digit
from pages.kit.show import chart, look_for, predict, printed, source
from pages.kit.turns import fragment
from vae_core import gradients, latent
from vae_core.toy import Toy

WAYS = ("pathwise", "score function", "score function, baseline")


def lesson(choice: Choice) -> None:
    st.markdown("## The reparameterisation")
    st.markdown(
        "Training must know how the loss changes when μ and σ move. But z is drawn at random: through a draw no gradient"
        " flows. So the draw is written as a function of μ and σ, and of noise that depends on neither:"
    )
    st.latex(
        rf"\begin{{aligned}} &{tex(Z)} = {tex(MU)} + {tex(SIGMA)} \cdot {tex(EPSILON)}, \qquad {tex(EPSILON)} \sim N(0, 1) \\[4pt]"
        rf" &\frac{{\partial {tex(Z)}}}{{\partial {tex(MU)}}} = 1,"
        rf" \qquad \frac{{\partial {tex(Z)}}}{{\partial {tex(SIGMA)}}} = {tex(EPSILON)} \end{{aligned}}"
    )
    st.caption("Source: Kingma and Welling (2014), section 2.4.")
    _held_noise()
    look_for(
        "With the noise held, every z moves along with μ, and away from μ with σ: a small step of μ is the same small step of z,"
        " so slopes can be passed on. **Try:** switch to *draw z anew*. The distribution is the same, yet no dot knows where"
        " it came from, and there is nothing to take a slope of."
    )
    source(latent.reparameterize)

    st.markdown("## The same gradient, two ways to estimate it")
    st.markdown(
        "The slope of E[f(z)] over μ can be had without the path as well: the **score function** (REINFORCE) weighs each value"
        " f(z) with the slope of log q. Both are right on average. How far does a single sample stray?"
    )
    st.latex(
        rf"\begin{{aligned}} \nabla_{{{tex(MU)}}}\, &\mathbb{{E}}_q[f({tex(Z)})] \\"
        rf" =\; &\mathbb{{E}}_\varepsilon\big[f'({tex(MU)} + {tex(SIGMA)} {tex(EPSILON)})\big] && \text{{(path)}} \\"
        rf" =\; &\mathbb{{E}}_q\!\left[f({tex(Z)})\, \tfrac{{{tex(Z)} - {tex(MU)}}}{{{tex(SIGMA)}^2}}\right]"
        r" && \text{(score)} \end{aligned}"
    )
    st.caption(
        "Source: Kingma and Welling (2014), sections 2.2 and 2.4; Mohamed et al. (2020), *Monte Carlo gradient estimation in"
        " machine learning*, sections 4 and 5, and 7 for the baseline, which takes the mean of the other samples off f"
        " (Kool, van Hoof and Welling 2019)."
    )
    guessed = predict(
        "Which of the two spreads more from sample to sample?",
        ["pathwise", "score function", "both alike"],
        "score function",
        "It knows only how good each z is, not in which direction it would get better. The path asks the decoder for the slope.",
        key="noise_predict",
        then="both are measured, on the toy and on a real picture",
    )
    if guessed:
        _on_the_toy()
        _on_a_picture(choice)
        look_for(
            "The grey dashed rule is the same for all: none of them is biased. But to average the score function down to the"
            " spread of one pathwise sample takes as many samples as the ratio says. **Try:** a smaller σ of q. The score"
            " divides by σ, and posteriors are narrow: this is why VAEs train with one sample of z a picture."
        )
    source(gradients.of_mu, Toy.gradient)


@fragment
def _held_noise() -> None:
    controls, drawing = st.columns([2, 3], gap="large")
    with controls:
        mu = st.slider("μ of q(z|x)", -3.0, 3.0, 1.0, 0.05, key="noise_mu", bind="query-params")
        sigma = st.slider("σ of q(z|x)", 0.0, 2.0, 0.5, 0.05, key="noise_sigma", bind="query-params")
        anew = st.toggle(
            "Draw z anew",
            key="noise_anew",
            bind="query-params",
            help="No reparameterisation: each move of a slider draws other codes from N(μ, σ²).",
        )
        seed = times_pressed("Fresh noise", "noise_fresh")
    if anew:  # every run another draw, as if z came out of a box
        seed = st.session_state["noise_draws"] = st.session_state.get("noise_draws", 1000) + 1
    epsilon = latent.noise(9, 1, seed)[:, 0]
    z = mu + sigma * epsilon
    with drawing:
        chart(
            noise_to_code,
            epsilon,
            z,
            alt="Nine codes on the line z = μ + σ ε, over their noise",
        )
    with controls:
        if anew:
            st.caption("Each move of a slider draws nine other codes: no dot has a derivative.")
        else:
            st.caption(
                f"The noise is held. The leftmost dot: {printed(mu, 2)} + {sigma:.2f} · ({printed(epsilon.min(), 2)}) ="
                f" **{printed(z.min(), 2)}**."
                " The ticks at the left edge are the codes alone, as the decoder gets them."
            )


@fragment
def _on_the_toy() -> None:
    st.markdown("### On the toy, where the slope is known")
    controls, drawing = st.columns([2, 3], gap="large")
    with controls:
        mu = st.slider("Toy: μ of q", -2.0, 2.0, -0.5, 0.1, key="gradient_mu", bind="query-params")
        sigma = st.slider("Toy: σ of q", 0.05, 1.5, 0.5, 0.05, key="gradient_sigma", bind="query-params")
    toy = Toy()
    samples, exact = toy.gradient_samples(1.0, mu, sigma, latent.noise(4000, 1, 0)[:, 0]), toy.gradient(1.0, mu, sigma)
    with drawing:
        _histograms([part[:, 0] for part in samples], exact)
    with controls:
        st.caption(
            f"f(z) = log p(x = 1 | z) of the toy of step 2. The exact slope, by quadrature, is **{printed(exact, 2)}**; the table"
            " has the means of 4,000 samples with their standard errors."
        )


@fragment
def _on_a_picture(choice: Choice) -> None:
    st.markdown("### On a real picture")
    if not choice.spec.variational:
        st.caption(f"{choice.spec.id} is a plain autoencoder without q(z|x); choose a VAE in the sidebar.")
        return
    with row():
        digit = chosen_digit(choice)
    if (x := choice.x(digit)) is None:
        st.caption("f(z) = log p(x|z) needs the original picture, which is not on this machine.")
        return
    mu, logvar = choice.posterior(digit)
    samples = computed.gradients_of_mu(choice.spec, x, mu, logvar, choice.labels(digit), 500, 0)
    dim = int(np.argmin(logvar))
    parts = [part[:, dim] for part in samples]
    controls, drawing = st.columns([2, 3], gap="large")
    with drawing:
        _histograms(parts, float(parts[0].mean()))
    with controls:
        st.caption(
            f"f(z) = log p(x|z) of {choice.name(digit)} under {choice.spec.id}, the slope over μ of z{dim + 1}, its most precise"
            f" dimension (σ = {np.exp(0.5 * logvar[dim]):.2f}). 500 samples; the rule is the pathwise mean."
        )


def _histograms(parts: list[np.ndarray], slope: float) -> None:
    """The estimates' spread as drawn; then their means, spreads and the ratio of the variances to the pathwise one."""
    chart(
        gradient_histograms,
        dict(zip(WAYS, parts, strict=True)),
        slope,
        alt="Histograms of one-sample gradient estimates; standard deviations "
        + ", ".join(f"{way} {part.std():.2f}" for way, part in zip(WAYS, parts, strict=True)),
    )
    rows = [
        f"| {way} | {printed(part.mean(), 2)} ± {part.std() / len(part) ** 0.5:.2f} | {part.std():.2f}"
        f" | {part.var() / parts[0].var():,.1f} |"
        for way, part in zip(WAYS, parts, strict=True)
    ]
    st.caption(
        "Heights are shares of the samples, each histogram scaled to the same highest bar; the outermost 0.5 % at either end"
        " are not drawn."
    )
    st.markdown("| estimator | mean | spread | variance ratio |\n|---|--:|--:|--:|\n" + "\n".join(rows))
