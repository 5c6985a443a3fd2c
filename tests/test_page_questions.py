"""Questions come before their answers: on every page that asks one, and nobody is asked twice."""

import ast

import pytest
from answered import ANSWERED, JUST_SHOW, QUESTIONS
from apptest import fresh_page
from conftest import ROOT


def everything(at) -> str:
    """All that the page says and draws in words: texts, numbers, text equivalents, and what its components are given."""
    metrics = [metric.label for metric in at.metric]
    texts = [one.value for kind in ("markdown", "caption", "info", "success") for one in at.get(kind)]
    charts = [chart.proto.alt for chart in at.get("vega_lite_chart")]
    markup = [element.proto.body for element in at.get("html")]
    components = [element.proto.json for element in at.get("bidi_component")]
    return "\n".join([*metrics, *texts, *charts, *markup, *components])


def test_every_question_of_the_pages_is_in_the_table():
    calls = [
        node
        for path in (ROOT / "pages").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "predict"
    ]
    keys = [next((word.value for word in call.keywords if word.arg == "key"), call.args[-1]) for call in calls]
    assert sorted(key.value for key in keys) == sorted(QUESTIONS)


@pytest.mark.parametrize("key", QUESTIONS)
def test_the_answer_comes_after_the_question_and_stays(key):
    path, link, giveaway = QUESTIONS[key]
    at = fresh_page(path, **link)
    before = everything(at)
    assert giveaway not in before
    assert "Choose an answer, and " in before
    at.radio(key=key).set_value(JUST_SHOW).run()
    assert giveaway in everything(at)
    at.switch_page("pages/1_overview.py").run()
    at.switch_page(path).run()
    assert at.radio(key=key).value == JUST_SHOW
    assert giveaway in everything(at)
    linked = fresh_page(path, **link, **{key: JUST_SHOW})
    assert not linked.exception
    assert not linked.warning
    assert giveaway in everything(linked)


def test_an_answer_stays_while_another_step_is_shown():
    path, link, giveaway = QUESTIONS["evidence_predict"]
    at = fresh_page(path, **link)
    at.radio(key="evidence_predict").set_value("more than half of them").run()
    for step in ("KL", "Evidence"):
        at.button_group(key="step").set_value(step).run()
        assert (giveaway in everything(at)) == (step == "Evidence")


def test_who_asks_to_be_shown_is_told_and_neither_praised_nor_corrected():
    path, link, _ = QUESTIONS["logvar_predict"]
    at = fresh_page(path, **link, logvar_predict=JUST_SHOW)
    assert at.info[0].value.startswith("The answer: **0.1**.")
    assert not at.success
    at.radio(key="logvar_predict").set_value("0.1").run()
    assert at.success[0].value.startswith("Right. The answer: **0.1**.")


def test_an_answer_that_is_not_offered_is_named_and_the_question_asked():
    path, link, giveaway = QUESTIONS["kl_predict"]
    at = fresh_page(path, **link, kl_predict="both alike")
    assert "kl_predict “both alike”" in at.warning[0].value
    assert at.radio(key="kl_predict").value is None
    assert giveaway not in everything(at)


@pytest.mark.parametrize("path", sorted({path for path, _, _ in QUESTIONS.values()}))
def test_a_class_is_asked_before_it_is_shown(path):
    at = fresh_page(path, presentation="true", model="mnist-z10")
    assert not at.exception
    assert all(radio.value is None for radio in at.radio if radio.key in ANSWERED)
