"""What only a browser shows of Loss theory: the stepper, its link, its place on the screen, and the printed card."""

import pytest
from chromium import changed, settled

pytestmark = pytest.mark.browser


def test_steps_with_formulas_and_tables_are_no_wider_than_a_phone(app, visit):
    page = visit(f"{app}/loss_theory?model=mnist-z20&step=Noise", width=390)
    for step in ("Noise", "KL", "Units", "Recap"):
        page.get_by_role("radio", name=step).click()
        page.wait_for_url(f"**step={step}**")
        settled(page)
        width, room = page.locator("[data-testid=stMain]").evaluate("main => [main.scrollWidth, main.clientWidth]")
        assert width <= room, step
        ends = page.locator(".katex-html .base").evaluate_all("all => all.map(f => f.getBoundingClientRect().right)")
        assert max(ends) <= 390, step


def test_next_opens_the_next_step_at_its_head_and_in_the_link(app, visit):
    page = visit(f"{app}/loss_theory?step=Bound&model=mnist-z10")
    page.get_by_role("button", name="Next: Terms").click()
    page.wait_for_url("**step=Terms**")
    page.wait_for_selector("h2:has-text('Both terms on a real picture')")
    settled(page)
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop === 0")
    assert "model=mnist-z10" in page.url


def test_dragging_mu_of_the_toy_moves_bound_and_gap_and_not_their_sum(app, visit):
    page = visit(f"{app}/loss_theory?step=Bound")
    metric = page.locator("[data-testid=stMetricValue]").first
    before = metric.inner_text()
    page.get_by_role("slider", name="μ of q").press("ArrowRight")
    changed(page, before, metric.inner_text)
    assert metric.inner_text().split("=")[1] == before.split("=")[1]
    assert "toy_mu=-0.49" in page.url


def test_the_recap_prints_without_the_controls(app, visit):
    page = visit(f"{app}/loss_theory?step=Recap")
    page.emulate_media(media="print")
    page.get_by_text("What to expect").wait_for()
    for hidden in ("stSidebar", "stButtonGroup"):
        page.locator(f"[data-testid={hidden}]").first.wait_for(state="hidden")
