"""Digit transitions: ends, labels, links and files, as Streamlit's test client sees them."""

import base64
import io
import json

import numpy as np
import pytest
from answered import ANSWERED
from apptest import clicked
from conftest import ARTIFACTS, ROOT, SHIPPED
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.kit.own import OwnDigit
from pages.kit.picker import Choice
from pages.kit.transitions.ends import Ends, Walk
from vae_core import inference, latent, transitions
from vae_core.data import load_gallery
from vae_core.images import enlarged, tile, to_pixels
from vae_core.manifest import read_manifest
from vae_core.projection import load_codes

PAGE = "pages/6_digit_transitions.py"


def open_page(own: tuple[OwnDigit, ...] = (), **query) -> AppTest:
    at = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    for name, value in (ANSWERED | query).items():
        at.query_params[name] = str(value)
    at.session_state["own_digits"] = list(own)
    at.switch_page(PAGE).run()
    assert not at.exception
    return at


def component(at: AppTest, name: str) -> dict:
    found = [e.proto for e in at.get("bidi_component") if e.proto.component_name == f"vae_classroom.{name}"]
    return json.loads(found[0].json)


def frames(at: AppTest) -> dict[str, np.ndarray]:
    """What the player shows: row -> (steps, 28, 28) bytes."""
    data = component(at, "step_player")
    sprite = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["sprite"]))))
    return {
        name: sprite[28 * i : 28 * i + 28].reshape(28, -1, 28).swapaxes(0, 1) for i, name in enumerate(data["rows"])
    }


def choice_of(id_: str) -> Choice:
    spec, image_set = SHIPPED[id_], read_manifest(ARTIFACTS).images[SHIPPED[id_].dataset]
    images = load_gallery(ARTIFACTS, spec.dataset, image_set) if spec.dataset == "mnist" else None
    return Choice(spec, load_codes(ARTIFACTS, spec), images, image_set.classes)


@pytest.fixture(scope="module")
def conditional() -> Choice:
    return choice_of("mnist-z4-cond")


def test_the_frames_are_the_decoded_path_and_the_faded_originals():
    choice = choice_of("mnist-z10")
    at = open_page(model="mnist-z10", transition_A=10, transition_B=20, transition_steps=7, transition_path="spherical")
    z = latent.slerp(choice.codes.mu[10], choice.codes.mu[20], 7)
    decoded, faded = frames(at).values()
    np.testing.assert_array_equal(decoded, to_pixels(inference.decode(choice.model, z)))
    t = np.linspace(0, 1, 7)[:, None, None]
    assert np.abs(faded / 255 - ((1 - t) * choice.images.x[10] + t * choice.images.x[20])).max() < 0.6 / 255
    norms = [float(words.split("‖z‖ = ")[1].split(". ")[0]) for words in component(at, "step_player")["words"]]
    np.testing.assert_allclose(norms, np.linalg.norm(z, axis=1), atol=0.006)


def test_a_seed_samples_the_ends_and_fresh_noise_moves_both():
    choice = choice_of("mnist-z10")
    at = open_page(model="mnist-z10", transition_A=10, transition_B=20, transition_codes="sample", transition_seed=3)
    epsilon = latent.noise(2, 10, seed=3)
    z = latent.reparameterize(choice.codes.mu[[10, 20]], choice.codes.logvar[[10, 20]], epsilon)
    (decoded, _) = before = list(frames(at).values())
    np.testing.assert_array_equal(decoded[[0, -1]], to_pixels(inference.decode(choice.model, z)))
    at.button(key="transition_fresh").click().run()
    assert at.number_input(key="transition_seed").value == 4
    after = list(frames(at).values())
    assert (after[0][[0, -1]] != before[0][[0, -1]]).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(after[1], before[1])  # the originals know no noise


def test_no_row_of_a_conditional_model_changes_its_label_on_the_way(conditional):
    y = conditional.codes.y
    a, b = int(np.flatnonzero(y == 4)[0]), int(np.flatnonzero(y == 9)[0])
    at = open_page(model="mnist-z4-cond", transition_A=a, transition_B=b, transition_steps=8)
    z = latent.lerp(conditional.codes.mu[a], conditional.codes.mu[b], 8)
    rows = frames(at)
    assert list(rows) == ["decoded as 4", "decoded as 9", "pixel cross-fade of the originals"]
    for label in (4, 9):
        expected = inference.decode(conditional.model, z, np.full(8, label))
        np.testing.assert_array_equal(rows[f"decoded as {label}"], to_pixels(expected))
    at.button_group(key="transition_label").set_value("B").run()
    assert list(frames(at)) == ["decoded as 9", "pixel cross-fade of the originals"]


def test_two_ends_of_one_class_need_one_row_and_no_choice_of_label(conditional):
    a, b = np.flatnonzero(conditional.codes.y == 4)[:2]
    at = open_page(model="mnist-z4-cond", transition_A=a, transition_B=b)
    assert list(frames(at)) == ["decoded as 4", "pixel cross-fade of the originals"]
    assert not [group for group in at.button_group if group.key == "transition_label"]


@pytest.mark.parametrize(("id_", "row"), [("mnist-z2", "decoded"), ("mnist-z4-cond", "decoded as 5")])
def test_one_s_own_digit_can_be_an_end(id_, row, files):
    choice = choice_of(id_)
    x, labels = choice.images.x[77], np.array([5]) if choice.spec.conditional else None
    at = open_page((OwnDigit(x, 5, "mnist"),), model=id_, transition_A=5000, transition_B=20)
    mu, _ = inference.encode(choice.model, x[None], labels)
    decoded, faded = frames(at)[row], frames(at)["pixel cross-fade of the originals"]
    np.testing.assert_array_equal(decoded[0], to_pixels(inference.decode(choice.model, mu, labels))[0])
    np.testing.assert_array_equal(faded[0], to_pixels(x))
    assert "your digit 1" in component(at, "path_map")["alt"]
    strip = Image.open(io.BytesIO(clicked(files["Strip as PNG"])))
    assert strip.text["A"] == "your digit 1"
    assert b"A: your digit 1" in Image.open(io.BytesIO(clicked(files["Animation as GIF"]))).info["comment"]


def test_without_pixels_the_decoded_ends_are_faded(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    at = open_page(model="fashion-z2", transition_steps=6)
    decoded, faded = frames(at).values()
    np.testing.assert_array_equal(faded[[0, -1]], decoded[[0, -1]])
    assert "pixel cross-fade of the decoded ends" in frames(at)


def test_a_plain_autoencoder_offers_no_sample():
    at = open_page(model="mnist-z2-ae", transition_codes="sample", transition_seed=1)
    assert not [group for group in at.button_group if group.key == "transition_codes"]
    plain = open_page(model="mnist-z2-ae")
    assert component(at, "path_map")["path"] == component(plain, "path_map")["path"]


def test_chance_takes_two_classes_and_swapping_turns_the_path_round():
    y = choice_of("mnist-z2").codes.y
    at = open_page()
    for _ in range(3):
        at.button(key="transition_random").click().run()
        a, b = (at.number_input(key=f"transition_{end}").value for end in "AB")
        assert y[a] != y[b]
    again = open_page()
    for _ in range(3):
        again.button(key="transition_random").click().run()
    assert [again.number_input(key=f"transition_{end}").value for end in "AB"] == [a, b]  # chance with a seed
    before = frames(at)["decoded"]
    np.testing.assert_array_equal(frames(open_page(transition_A=a, transition_B=b))["decoded"], before)
    at.button(key="transition_swap").click().run()
    assert [at.number_input(key=f"transition_{end}").value for end in "AB"] == [b, a]
    np.testing.assert_array_equal(frames(at)["decoded"], before[::-1])


def test_steps_do_not_move_the_map():
    at = open_page(transition_steps=9)
    before = component(at, "path_map")
    at.slider(key="transition_steps").set_value(100).run()
    assert len(component(at, "step_player")["words"]) == 100
    assert component(at, "path_map") == before


@pytest.mark.parametrize(("b", "right"), [(20, "shorter"), (10, "as long")])
def test_the_norm_halfway_is_told_after_a_guess(b, right):
    at = open_page(model="mnist-z10", transition_part="What the path passes", transition_A=10, transition_B=b)
    assert len(at.get("vega_lite_chart")) == 2
    at.radio(key="transition_predict_norm").set_value(right).run()
    mu = choice_of("mnist-z10").codes.mu[[10, b]]
    told = f"{np.linalg.norm(mu.mean(axis=0)):.2f} against {np.linalg.norm(mu, axis=1).mean():.2f}"
    assert at.success[0].value.startswith(f"Right. The answer: **{right}**.")
    assert told in at.success[0].value


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("transition_steps", "101"),
        ("transition_path", "geodesic"),
        ("transition_codes", "mode"),
        ("transition_part", "Five corners"),
        ("transition_C", "5000"),
        ("transition_cells", "4"),
        ("arithmetic_strength", "9"),
    ],
)
def test_an_impossible_link_is_named(parameter, value):
    parts = {
        "transition_C": "Four corners",
        "transition_cells": "Four corners",
        "arithmetic_strength": "Latent arithmetic",
    }
    at = open_page(**{"transition_part": parts.get(parameter, "Step by step"), parameter: value})
    assert parameter in at.warning[0].value


def test_the_corners_of_the_sheet_are_the_four_digits(conditional, files):
    four = Ends(conditional, (1, 2, 3, 4), None)
    assert len({*four.labels}) > 1
    ends = {f"transition_{letter}": index for letter, index in zip("ABCD", four.indices, strict=True)}
    at = open_page(model="mnist-z4-cond", transition_part="Four corners", transition_cells=5, **ends)
    at.button_group(key="transition_cells_label").set_value("C").run()
    file = Image.open(io.BytesIO(files["Corners as PNG"]()))
    scale = 560 // (29 * 5)
    cells = np.asarray(file)
    corners = to_pixels(four.choice.decode(four.z, four.labels[2]), scale)
    side = 28 * scale
    np.testing.assert_array_equal(cells[:side, :side], corners[0])
    np.testing.assert_array_equal(cells[:side, -side:], corners[1])
    np.testing.assert_array_equal(cells[-side:, :side], corners[2])
    np.testing.assert_array_equal(cells[-side:, -side:], corners[3])
    assert file.text["model"] == "mnist-z4-cond"
    assert file.text["C"].endswith("gallery number 3")
    assert file.text["label of"] == "C"


def test_files_carry_their_settings(conditional):
    walk = Walk(Ends(conditional, (2, 4), 7), "spherical", 12, "both")
    assert walk.file_name == "mnist-z4-cond-2-4-spherical-12-label-both-z7"
    strip = Image.open(io.BytesIO(walk.strip(4)))
    assert strip.text["path"] == "spherical"
    assert strip.text["codes"] == "samples z = μ + σ ε, seed 7"
    np.testing.assert_array_equal(np.asarray(strip), tile(np.concatenate(list(walk.shown.values())), 12, 4, gap=1))
    assert strip.text["rows"] == "; ".join(walk.shown)
    animation = Image.open(io.BytesIO(walk.animation()))
    assert "steps: 12" in animation.info["comment"].decode()
    assert f"rows: {'; '.join(walk.rows)}; codes" in animation.info["comment"].decode()  # it has no cross-fade
    assert animation.n_frames == 22  # there and back
    both = np.concatenate(list(walk.rows.values()), axis=2)
    for frame, step in ((3, 3), (21, 1)):
        animation.seek(frame)
        np.testing.assert_array_equal(np.asarray(animation.convert("L")), to_pixels(both[step], 5))


def test_files_are_made_on_the_click_only(monkeypatch):
    def refuse(*_):
        raise AssertionError("the page made a GIF that nobody asked for")

    monkeypatch.setattr("pages.kit.transitions.ends.gif", refuse)
    for part, files in (("Step by step", ["Strip as PNG", "Animation as GIF"]), ("Four corners", ["Corners as PNG"])):
        at = open_page(transition_part=part)
        deferred = [button.proto for button in at.get("download_button") if button.proto.deferred_file_id]
        assert [proto.label for proto in deferred] == files


def test_the_direction_of_ink_makes_a_digit_thicker_and_its_opposite_thinner():
    def measured(strength: str) -> tuple[float, float]:
        at = open_page(model="mnist-z10", transition_part="Latent arithmetic", arithmetic_strength=strength)
        caption = next(c.value for c in at.caption if "Measured on the pictures" in c.value)
        before, after = caption.split("goes from ")[1].split(". d comes")[0].split(" to ")
        return float(before), float(after)

    before, thicker = measured("1.5")
    _, thinner = measured("−1.5")
    assert thinner < 0.8 * before < 1.2 * before < thicker


def test_a_strength_below_zero_has_a_minus_sign_in_the_link_too():
    at = open_page(transition_part="Latent arithmetic", arithmetic_strength="−1.5")
    slider = at.select_slider(key="arithmetic_strength")
    assert slider.value == -1.5
    assert slider.options[0] == "−2.0"
    assert not at.warning


def test_the_strip_of_the_arithmetic_says_what_was_added(files, monkeypatch):
    at = open_page(model="mnist-z10", transition_part="Latent arithmetic", arithmetic_digit=40, arithmetic_what="slant")
    file = Image.open(io.BytesIO(files["Strip as PNG"]()))
    choice = choice_of("mnist-z10")
    assert file.text["model"] == "mnist-z10"
    assert file.text["picture"] == f"digit {choice.codes.y[40]}, gallery number 40"
    assert file.text["direction"] == f"most minus least slant, among class {choice.codes.y[40]}"
    x = choice.images.x[choice.codes.y == choice.codes.y[40]]
    direction = transitions.contrast(choice.codes.mu[choice.codes.y == choice.codes.y[40]], transitions.slant(x))
    strengths = [float(v.replace("−", "-")) for v in file.text["strengths"].split(", ")]
    expected = inference.decode(choice.model, choice.codes.mu[40] + np.outer(strengths, direction))
    assert np.abs(np.asarray(file).astype(int) - enlarged(tile(expected, 9, gap=1), 2)).max() <= 1
    names = []
    monkeypatch.setattr("streamlit.download_button", lambda _, __, file_name, *___, **____: names.append(file_name))
    at.run()
    assert names == ["mnist-z10-40-slant-class.png"]


@pytest.mark.parametrize("part", ["What the path passes", "Four corners", "Latent arithmetic"])
@pytest.mark.parametrize("id_", ["mnist-z2-ae", "mnist-z4-cond", "mnist-z6-conv", "fashion-z2"])
def test_every_kind_of_model_opens_every_part(id_, part):
    at = open_page(model=id_, transition_part=part)
    assert f"## {part}" in [text.value for text in at.markdown]
    assert not at.warning
