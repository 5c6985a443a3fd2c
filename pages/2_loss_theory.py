"""Loss theory: the evidence lower bound in nine steps, each moved by hand and measured on real pictures."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Loss theory",
    "What a variational autoencoder is trained for, in nine steps: from the probability of a picture to the units of the"
    " loss. *Reading time: 40 minutes, four or five a step.*",
)

from pages.kit.picker import chosen_model
from pages.kit.stepper import back_and_next, chosen_step
from pages.kit.theory import bound, evidence, kl, log_variance, noise, pixels, recap, terms, units

STEPS = {
    "Evidence": evidence,
    "Bound": bound,
    "Terms": terms,
    "Noise": noise,
    "Log-variance": log_variance,
    "KL": kl,
    "Units": units,
    "Pixels": pixels,
    "Recap": recap,
}

PICTURED = {"Evidence", "Terms", "Noise", "Pixels"}  # steps with a picture of the reader's choice

choice = chosen_model()
names = list(STEPS)
step = chosen_step(names, key="step")
if step not in PICTURED and "digit" in st.session_state:
    st.session_state["digit"] = st.session_state["digit"]  # without its widget Streamlit would forget the picture
lesson = st.container()
back_and_next(names, step, key="step")  # before the lesson, which may stop early for some models
with lesson:
    st.caption(f"Step {names.index(step) + 1} of {len(names)}")
    STEPS[step].lesson(choice)
