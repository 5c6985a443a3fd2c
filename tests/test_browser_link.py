"""The page's address in a real browser: what a link sets stays on other pages, and Back goes back one page, to what was seen."""

import pytest
from chromium import choose, go_to, settled
from test_browser import live

pytestmark = pytest.mark.browser


def model(page) -> str:
    return page.get_by_test_id("stSidebar").get_by_role("combobox", name="Model").input_value()


def test_what_a_link_sets_is_taken_along_to_other_pages(app, visit):
    page = visit(f"{app}/latent_scatter?model=mnist-z10&digit=42&presentation=true")
    page.wait_for_function("!!window.history.pushState")
    go_to(page, "Explore", "Gaussian sampling")
    page.wait_for_url("**presentation=true**")
    assert model(page) == "mnist-z10"
    assert "model=mnist-z10" in page.url
    go_to(page, "Learn", "Overview")
    page.wait_for_url("**digit=42**")
    assert page.get_by_role("spinbutton", name="Gallery number").input_value() == "42"


def test_back_goes_back_one_page_to_the_model_and_the_picture_that_were_there(app, visit):
    page = visit(f"{app}/latent_scatter")
    choose(page, "Model", "mnist-z10")
    page.wait_for_url("**model=mnist-z10**")
    settled(page)
    page.get_by_role("button", name="Another digit").click()
    page.wait_for_url("**digit=**")
    settled(page)
    left = page.url
    go_to(page, "Explore", "Gaussian sampling")
    page.wait_for_url("**/gaussian_sampling?model=mnist-z10")
    page.go_back()
    page.wait_for_selector("h1:has-text('Latent scatter')")
    settled(page)
    assert page.url == left
    assert model(page) == "mnist-z10"


def test_a_code_moved_by_hand_adds_no_step_to_the_history_and_comes_back_into_the_link(app, visit):
    page = visit(f"{app}/gaussian_sampling")
    live(page)
    before = page.evaluate("history.length")
    for z in ("0.1", "0.2"):
        page.locator(".live canvas.dots").press("ArrowRight")
        page.wait_for_url(f"**z={z}**")
    assert page.evaluate("history.length") == before
    go_to(page, "Explore", "Latent scatter")
    assert "z=" not in page.url
    go_to(page, "Explore", "Gaussian sampling")
    page.wait_for_url("**z=0.2**")
    assert live(page)["z"][0] == pytest.approx(0.2)


def test_what_another_model_has_not_is_no_fault_of_the_link(app, visit):
    page = visit(f"{app}/gaussian_sampling?sampling_part=Grid&sampling_right=z19&model=mnist-z20")
    assert page.get_by_role("combobox", name="To the right").input_value() == "z19"
    choose(page, "Model", "mnist-z4")
    page.wait_for_url("**model=mnist-z4&**")
    settled(page)
    assert page.get_by_role("combobox", name="To the right").input_value() != "z19"
    assert page.get_by_text("The link asks for").count() == 0
    page.wait_for_url(lambda url: "sampling_right" not in url)  # what is not shown is not in the link
    again = visit(f"{app}/gaussian_sampling?sampling_part=Grid&sampling_right=z19&model=mnist-z4")
    again.get_by_text("The link asks for sampling_right “z19”").wait_for()


def test_an_answer_shows_at_one_click_and_stays_on_other_pages_and_in_the_link(app, visit):
    page = visit(f"{app}/loss_theory")
    shown = page.get_by_text("Within 10 nats of the best", exact=True)
    assert shown.count() == 0
    page.get_by_text("more than half of them", exact=True).click()
    shown.wait_for()
    page.wait_for_url("**evidence_predict=more+than+half+of+them**")
    link = page.url
    go_to(page, "Learn", "Overview")
    assert "evidence_predict" not in page.url
    go_to(page, "Learn", "Loss theory")
    page.wait_for_url(link)
    shown.wait_for()
    again = visit(link)
    again.get_by_text("Within 10 nats of the best", exact=True).wait_for()
    assert again.get_by_role("radio", name="more than half of them").is_checked()
