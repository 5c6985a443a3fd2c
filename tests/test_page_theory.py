"""Loss theory, step by step: every step opens with every kind of model, and its controls move its facts."""

import re

import pytest
from test_pages import open_page, pictures

PATH = "pages/2_loss_theory.py"
STEPS = ["Evidence", "Bound", "Terms", "Noise", "Log-variance", "KL", "Units", "Pixels", "Recap"]
KINDS = ["mnist-z2", "mnist-z4-cond", "mnist-z6-conv", "mnist-z10-gauss", "mnist-z2-ae", "fashion-z10"]


def open_step(step: str, **query: str):
    at = open_page(PATH, step=step, **query)
    assert not at.exception
    return at


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("step", STEPS)
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


@pytest.mark.parametrize("step", STEPS)
def test_every_step_opens_without_the_pictures_of_fashion(step, tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "empty"))
    assert not open_step(step, model="fashion-z2").error
