"""The presentation switch on every page: larger, and without side notes."""

import pytest
from apptest import PATHS, open_page


@pytest.mark.parametrize("path", PATHS)
def test_presentation_enlarges_every_page_and_hides_its_side_notes(path):
    at = open_page(path, presentation="true", model="mnist-z10")
    assert not at.exception
    assert ":root { font-size" in "".join(element.proto.body for element in at.get("html"))
    assert not [note for note in at.info if ":material/visibility:" in note.icon]
    assert not [fold for fold in at.expander if fold.label == "The code that computed this"]


def test_presentation_stays_on_the_next_page_and_can_be_left():
    at = open_page(PATHS[0], presentation="true")
    at.switch_page(PATHS[3]).run()
    assert at.sidebar.toggle(key="presentation").value
    at.sidebar.toggle(key="presentation").set_value(False).run()
    assert [note for note in at.info if ":material/visibility:" in note.icon]
