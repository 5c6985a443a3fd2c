"""The smallest page on which a slider moves a decoded digit: what Streamlit needs for it, whatever a page shows beside it.

`sessions.py` measures the app's pages against it, on the same machine in the same minute.
"""

import base64
import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from pages.kit import process  # noqa: E402, the settings of the app

MODEL = "mnist-z20"


@st.cache_resource
def model():
    from vae_core.manifest import load_manifest
    from vae_core.model import load_vae

    return load_vae(ROOT / "artifacts", load_manifest(ROOT / "artifacts")[MODEL])


@st.fragment
def page():
    import numpy as np

    from vae_core import inference
    from vae_core.images import png, to_pixels

    decoder = model()
    z = np.zeros((1, decoder.architecture.latent_dim), np.float32)
    z[0, 0] = st.slider("z1", -3.0, 3.0, 0.0, 0.1)
    picture = base64.b64encode(png(to_pixels(inference.decode(decoder, z)[0], 8))).decode()
    st.html(f'<img alt="decoded from z" src="data:image/png;base64,{picture}">')


page()
process.settle()
