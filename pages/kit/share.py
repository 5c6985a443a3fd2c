"""A button that copies the page's address, which holds what the reader sees."""

import streamlit as st

_COPY = st.components.v2.component(
    "vae_classroom.copy_link",
    html="""<button type="button">Copy link</button> <span role="status"></span>""",
    css="""
    button { font: inherit; color: inherit; cursor: pointer; padding: 0.3rem 0.8rem; background: transparent;
             border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); }
    button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
    span { font-size: 0.85rem; overflow-wrap: anywhere; }
    """,
    js="""
    export default function ({ parentElement }) {
      const [button, said] = parentElement.querySelectorAll("button, span");
      button.onclick = async () => {
        const link = location.href.replace("/~/+/", "/"); // below it Streamlit's cloud shows the app in a frame
        try {
          await navigator.clipboard.writeText(link);
          said.textContent = "Copied";
          setTimeout(() => (said.textContent = ""), 3000);
        } catch {
          said.textContent = link; // no clipboard without HTTPS: the reader copies it by hand
        }
      };
    }
    """,
)


def copy_link() -> None:
    """Offer the link of this view: page, model, picture, code, seed and map."""
    _COPY(key="copy_link")
