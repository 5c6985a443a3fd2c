"""Compare."""

from pages.kit.nav import chapter

chapter("Compare", "x")
