"""VAE Classroom: see a variational autoencoder work. Run with `streamlit run streamlit_app.py`."""

import streamlit as st

from pages.kit import process
from pages.kit.nav import FROM_ENTRYPOINT, navigation
from pages.kit.share import drop_unreadable
from pages.kit.sidebar import sidebar

page = navigation()
drop_unreadable()
sidebar()
st.session_state[FROM_ENTRYPOINT] = True
page.run()
process.settle()
