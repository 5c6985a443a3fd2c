"""Loss theory, step by step: every step opens with every kind of model, and its controls move its facts."""

import json
import re

import numpy as np
import pyarrow as pa
import pytest
import torch
from apptest import open_page, pictures
from conftest import ARTIFACTS, SHIPPED
from scipy.special import logsumexp

from pages.kit import cache
from pages.kit.charts.theory.evidence import TOY_X
from pages.kit.theory import pixels, units
from vae_core import inference, latent
from vae_core.model import load_vae

PATH = "pages/2_loss_theory.py"
STEPS = ["Evidence", "Bound", "Terms", "Noise", "Log-variance", "KL", "Units", "Pixels", "Recap"]
KINDS = ["mnist-z2", "mnist-z4-cond", "mnist-z6-conv", "mnist-z10-gauss", "mnist-z2-ae", "fashion-z10"]
WITH_PICTURES = ["Evidence", "Terms", "Noise", "Pixels"]  # the other steps hardly depend on the model
OPENED = [(step, model) for step in STEPS for model in (KINDS if step in WITH_PICTURES else KINDS[-2:])]


def open_step(step: str, **query: str):
    at = open_page(PATH, step=step, **query)
    assert not at.exception
    return at


@pytest.mark.parametrize(("step", "model"), OPENED)
def test_every_step_opens_with_every_kind_of_model(step, model):
    at = open_step(step, model=model)
    assert not at.error
    assert not at.warning
    assert at.button_group(key="step").value == step
    alts = re.findall('<img alt="([^"]*)"', "".join(element.proto.body for element in at.get("html")))
    assert len(alts) == len(pictures(at))
    assert all(alts)
    assert all(drawing.proto.alt for drawing in at.get("vega_lite_chart"))
    assert at.button(key="step_back").proto.disabled == (step == STEPS[0])
    assert at.button(key="step_next").proto.disabled == (step == STEPS[-1])


@pytest.mark.parametrize("step", WITH_PICTURES)
def test_every_step_opens_without_the_pictures_of_fashion(step, tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "empty"))
    assert not open_step(step, model="fashion-z2").error


def value(at, label: str) -> str:
    return next(metric.value.replace("−", "-") for metric in at.metric if metric.label.startswith(label))


def test_next_and_back_walk_through_the_steps_and_keep_the_picture():
    at = open_step("Terms", digit="123", model="mnist-z10")
    for step in ("Noise", "Log-variance", "KL"):
        at.button(key="step_next").click().run()
        assert at.button_group(key="step").value == step
    for _ in range(3):
        at.button(key="step_back").click().run()
    assert at.button_group(key="step").value == "Terms"
    assert at.number_input(key="digit").value == 123


def test_an_unknown_step_is_named_and_the_first_shown():
    at = open_page(PATH, step="Nonsense")
    assert "Nonsense" in at.warning[0].value
    assert at.button_group(key="step").value == "Evidence"
    assert not at.exception


def test_the_evidence_shown_is_that_of_the_draws():
    at = open_step("Evidence", model="mnist-z10", evidence_draws="100", evidence_seed="3")
    spec, model = SHIPPED["mnist-z10"], load_vae(ARTIFACTS, SHIPPED["mnist-z10"])
    x = cache.gallery("mnist").x[at.number_input(key="digit").value]
    draws = inference.log_likelihood_of_codes(model, x, latent.sample_prior(100, spec.latent_dim, 3))
    assert value(at, "Estimate") == f"{logsumexp(draws.astype(float)) - np.log(100):.1f}"
    assert value(at, "Within") == f"{(draws > draws.max() - 10).mean():.1%}"


def test_all_stops_of_the_toy_make_its_evidence():
    at = open_step("Evidence")
    at.slider(key="evidence_stop").set_value(3.0).run()
    so_far, whole = re.search(r"add up to \*\*(.+?)\*\* of p\(x\) = \*\*(.+?)\*\*", words(at)).groups()
    assert float(so_far) == pytest.approx(float(whole), abs=0.003)


def words(at) -> str:
    return "\n".join(caption.value for caption in at.caption)


def test_the_bars_of_the_bound_always_add_up_to_the_evidence():
    at = open_step("Bound", toy_bend="1.0")
    ends = set()
    for mu, sigma in ((0.0, 1.0), (-1.5, 0.2), (2.0, 0.5)):
        at.slider(key="toy_mu").set_value(mu)
        at.slider(key="toy_sigma").set_value(sigma).run()
        elbo, gap, log_evidence = (float(part) for part in re.split(r" [+=] ", value(at, "ELBO + KL")))
        assert elbo + gap == pytest.approx(log_evidence, abs=2e-3)
        ends.add(log_evidence)
    assert len(ends) == 1


def test_best_q_closes_the_gap_of_a_straight_decoder():
    at = open_step("Bound", toy_bend="0.0")
    at.button(key="toy_best").click().run()
    assert float(re.split(r" [+=] ", value(at, "ELBO + KL"))[1]) < 0.001
    assert (at.slider(key="toy_mu").value, at.slider(key="toy_sigma").value) == (0.8, 0.45)


def test_held_noise_moves_with_mu_and_a_direct_draw_does_not():
    def codes(at):
        (table,) = at.get("vega_lite_chart")[0].proto.datasets
        return pa.ipc.open_stream(table.data.data).read_all()["z"].to_numpy()

    at = open_step("Noise", noise_mu="0.0")
    before = codes(at)
    at.slider(key="noise_mu").set_value(1.0).run()
    assert codes(at) == pytest.approx(before + 1)
    at.toggle(key="noise_anew").set_value(True).run()
    one = codes(at)
    at.run()
    assert not np.isclose(codes(at), one).any()


def charts(at) -> list[str]:
    return [drawing.proto.alt for drawing in at.get("vega_lite_chart")]


def test_the_score_function_spreads_more_on_a_real_picture():
    spreads = re.findall(r"(\d[\d.]*)", charts(open_step("Noise", model="mnist-z10"))[-1].split("deviations")[1])
    path, score, baseline = map(float, spreads)
    assert path < baseline < score


def test_a_width_below_zero_is_refused_with_its_reason():
    at = open_step("Log-variance", sigma_output="-0.5")
    assert "no Gaussian of width −0.50" in at.error[0].value
    at.slider(key="sigma_output").set_value(0.5).run()
    assert not at.error
    assert value(at, "Slope") == "-1.50"


def test_a_known_recipe_fills_the_fields_and_shows_its_beta():
    at = open_step("Units")
    assert value(at, "Effective β") == "1"
    at.selectbox(key="units_preset").set_value("mean squared error of digits + 0.00001 KL").run()
    assert value(at, "Effective β") == "0.00784"
    assert "mnist-z10-b0.1" in "".join(text.value for text in at.markdown)
    at.selectbox(key="units_preset").set_value("mean cross-entropy + KL of an image").run()
    assert value(at, "Effective β") == "784"
    at.number_input(key="units_pixels").set_value(10).run()
    assert value(at, "Effective β") == "10"
    assert at.selectbox(key="units_preset").value is None


def test_a_link_to_a_known_recipe_has_its_name():
    digits = {"units_error": "squared error", "units_reconstruction": units.ALL, "units_kl": units.AN_IMAGE}
    at = open_step("Units", **digits, units_weight="0.00001", units_latent="2", units_batch="64")
    assert not at.warning
    assert at.selectbox(key="units_preset").value == "mean squared error of digits + 0.00001 KL"
    assert value(at, "Effective β") == "0.00784"


def test_another_seed_draws_other_pixels_around_the_same_mean():
    at = open_step("Pixels", model="mnist-z10")
    before = pictures(at)
    at.number_input(key="pixels_seed").set_value(1).run()
    after = pictures(at)
    assert after[0] == before[0]
    assert all(one != other for one, other in zip(after[1:4], before[1:4], strict=True))
    assert after[4:] == before[4:]


def test_the_code_between_two_classes_moves_the_picture_and_its_neighbours():
    at = open_step("Pixels", model="mnist-z2")
    before = pictures(at)[-2:]
    at.slider(key="pixels_between").set_value(0.0).run()
    assert not set(before) & set(pictures(at)[-2:])


def test_the_recap_has_the_shipped_figures():
    at = open_step("Recap", model="mnist-z10")
    figures = SHIPPED["mnist-z10"].metrics
    row = next(line for text in at.markdown for line in text.value.split("\n") if "**mnist-z10**" in line)
    assert f"{figures['nelbo_nats']:.1f}" in row
    assert f"{figures['kl_nats']:.1f}" in row


@pytest.mark.parametrize("step", ["Bound", "Recap"])
def test_reconstruction_is_minus_the_expected_log_likelihood_wherever_it_is_named(step):
    at = open_step(step)
    named = "\n".join(element.value for kind in ("markdown", "latex", "caption") for element in at.get(kind))
    assert "**Reconstruction" not in named
    for brace in re.findall(r"\\underbrace\{(.*?)\}_\{\\text\{reconstruction\}\}", named):
        assert brace.startswith("-")
    assert re.search(r"minus the expected log-likelihood|−E\[log p\(x\|z\)\]", named)


def test_the_reconstruction_of_terms_is_a_mean_with_its_standard_error():
    """One sample of z strays by 3 nats on this picture: the mean over 2,000 is 63.7, and one of them was 61.2."""
    at = open_step("Terms", model="mnist-z10", digit="15")
    metric = next(metric for metric in at.metric if metric.label.startswith("Negative ELBO"))
    model, x = load_vae(ARTIFACTS, SHIPPED["mnist-z10"]), cache.gallery("mnist").x[15]
    mu, logvar = (found[0] for found in inference.encode(model, x[None]))
    z = latent.reparameterize(mu, logvar, latent.noise(2000, len(mu), seed=7))
    costs = inference.kl_per_dim(mu[None], logvar[None]).sum() - inference.log_likelihood_of_codes(model, x, z)
    standard_error = float(metric.delta.removeprefix("± "))
    assert standard_error == pytest.approx(costs.std() / 10, abs=0.08)
    assert float(metric.value) == pytest.approx(costs.mean(), abs=3 * standard_error)


# What the reader is told to try: the model, and what becomes of reconstruction, KL and their sum.
TRIED = {
    "mnist-z2": ("mnist-z4 ", "falls, KL rises, and the sum falls"),
    "mnist-z20": ("mnist-z10 ", "rises, KL falls, and the sum rises"),
    "mnist-z10-b0.1": ("mnist-z10 ", "rises, KL falls, and the sum falls"),
    "mnist-z10-gauss": ("other pictures", "No other model here has nats that compare"),
    "fashion-z10": ("fashion-z4 ", "rises, KL falls, and the sum rises"),
}


@pytest.mark.parametrize("model", TRIED)
def test_terms_compares_a_model_with_one_whose_nats_compare(model):
    at = open_step("Terms", model=model)
    text = at.info[-1].value
    for words_ in TRIED[model]:
        assert words_ in text.split("**Try:**")[1]
    assert ("46 nats a picture of MNIST" in text) == (SHIPPED[model].dataset == "mnist" and "gauss" not in model)
    assert ("190 nats a picture of Fashion-MNIST" in text) == (SHIPPED[model].dataset == "fashion")


def drawn(at, chart: int, table: str):
    """A named table of a chart as the browser is given it."""
    tables = at.get("vega_lite_chart")[chart].proto.datasets
    return next(pa.ipc.open_stream(one.data.data).read_all() for one in tables if one.name == table)


def clamped(specification) -> bool:
    """Whether a scale moves to its edge what lies beyond it, so that a curve looks flat there."""
    if isinstance(specification, dict):
        return bool(specification.get("clamp")) or any(map(clamped, specification.values()))
    return isinstance(specification, list) and any(map(clamped, specification))


@pytest.mark.parametrize("step", ["Evidence", "Noise", "Log-variance", "KL", "Pixels"])
def test_no_curve_is_pressed_flat_against_its_frame(step):
    for drawing in open_step(step).get("vega_lite_chart"):
        assert not clamped(json.loads(drawing.proto.spec))


def test_the_toys_decoder_is_drawn_to_its_end():
    at = open_step("Evidence", evidence_stop="3")
    assert drawn(at, 0, "here")["f"].to_pylist() == [7.5]
    low, high = TOY_X
    decoder = drawn(at, 0, "decoder")
    assert low < min(decoder["low"].to_pylist())
    assert high > max(decoder["high"].to_pylist())


@pytest.mark.parametrize(("step", "narrow"), [("Bound", {"toy_sigma": "0.05"}), ("KL", {"loss_logvar": "-5.0"})])
def test_a_peak_above_the_frame_is_named(step, narrow):
    assert "peaks above" not in words(open_step(step))
    at = open_step(step, **narrow)
    sigma = float(narrow["toy_sigma"]) if step == "Bound" else np.exp(-2.5)
    assert f" is {1 / (sigma * np.sqrt(2 * np.pi)):.2f}." in words(at)
    density = at.get("vega_lite_chart")[1 if step == "Bound" else 0]
    assert json.loads(density.proto.spec)["mark"]["clip"]


def test_bars_beyond_the_axis_have_arrows_and_their_numbers():
    at = open_step("Bound")
    assert drawn(at, 0, "lengths")["arrow"].to_pylist() == [0, 0, 0]
    at = open_step("Bound", toy_bend="1", toy_x="-1", toy_mu="3", toy_sigma="2")
    bars = drawn(at, 0, "lengths")
    assert bars["arrow"].to_pylist() == [1, 1, 0]
    assert bars["says"].to_pylist()[0] == "ELBO −1039.53, beyond the axis"
    assert "beyond" not in bars["says"].to_pylist()[2]


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("mnist-z4-cond", ["Bernoulli", "continuous Bernoulli", "Gaussian"]),
        ("mnist-z10-gauss", ["Bernoulli", "continuous Bernoulli", "Gaussian"]),
        ("fashion-z10", ["Bernoulli", "continuous Bernoulli"]),
    ],
)
def test_pixels_shows_mean_and_sample_of_each_likelihood(model, shown):
    html = "".join(element.proto.body for element in open_step("Pixels", model=model).get("html"))
    assert re.findall('alt="Mean of p.x.z. and a sample [^"]*, ([^",]+) pixels, seed', html) == shown


def test_logits_read_as_continuous_bernoulli_have_its_mean_and_samples():
    """The mean is not the sigmoid: checked against torch's own distribution, and against many draws of one code."""
    model = load_vae(ARTIFACTS, SHIPPED["mnist-z10"])
    other = pixels._read_as(model, "continuous_bernoulli")
    assert model.architecture.likelihood == "bernoulli"
    z = latent.sample_prior(1, 10, seed=0)
    logits = model.logits(torch.tensor(z)).double()
    expected = torch.distributions.ContinuousBernoulli(logits=logits).mean[0].numpy()
    mean = inference.decode(other, z)[0]
    assert mean == pytest.approx(expected, abs=1e-4)
    assert abs(mean - inference.decode(model, z)[0]).max() > 0.05
    uniform = np.random.default_rng(0).random((400, 28, 28))
    draws = inference.sample_pixels(other, np.repeat(z, 400, axis=0), uniform)
    assert draws.mean(axis=0) == pytest.approx(mean, abs=5 * 0.29 / 20)  # no pixel's sd exceeds a uniform one's, 0.29
    assert draws.mean() == pytest.approx(mean.mean(), abs=0.002)


def test_a_tiny_weight_of_the_kl_can_be_read_and_beta_has_no_unit():
    at = open_step("Units", units_weight="0.000001")
    assert at.number_input(key="units_weight").proto.format == "%.6g"
    assert next(metric for metric in at.metric if metric.value == "1e-06").label == "Effective β"


def test_the_histograms_of_the_gradients_say_what_they_leave_out():
    assert "0.5 % at either end" in words(open_step("Noise"))


def test_a_beta_of_0_is_not_drawn_on_a_logarithmic_line():
    at = open_step("Units", units_weight="0")
    assert not charts(at)
    assert "β = 0 has no place" in words(at)
