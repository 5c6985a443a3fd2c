"""The smallest page on which a slider moves a decoded digit: what Streamlit needs for it, whatever a page shows beside it.

`sessions.py` measures the app's pages against it, on the same machine in the same minute.
"""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from pages.kit import cache, process
from pages.kit.show import picture


@st.fragment
def page():
    import numpy as np

    from vae_core import inference

    spec = cache.manifest().models["mnist-z20"]
    z = np.zeros((1, spec.latent_dim), np.float32)
    z[0, 0] = st.slider("z1", -3.0, 3.0, 0.0, 0.1)
    picture(inference.decode(cache.model(spec), z)[0], alt="decoded from z", scale=8)


page()
process.settle()
