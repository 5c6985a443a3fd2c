"""The page's address, which holds what the reader sees: read with care, copied by a button, one step of Back for each page."""

import math

import streamlit as st

_KNOWN = "_link_known"
_READ = "_link_read"

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
    // Streamlit adds a step to the browser's history whenever the server changes the address: a reader who drags a point
    // twenty times would have to go back twenty times. Within a page, the address is replaced instead. When the reader
    // leaves a page, the server first empties its address and then goes on to the next: the step back gets the full one.
    let left = null;
    for (const input of ["pointerdown", "keydown"]) addEventListener(input, () => (left = null), { capture: true });
    history.pushState = function (state, title, url) {
      if (new URL(url, location.href).pathname === location.pathname) {
        left ??= location.href;
        return history.replaceState(state, title, url);
      }
      if (left) history.replaceState(history.state, "", left);
      left = null;
      History.prototype.pushState.call(history, state, title, url);
    };

    export default function ({ data, parentElement, setTriggerValue }) {
      if (data.arrived) setTriggerValue("arrived", true);
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


def drop_unreadable() -> None:
    """Once for a visitor: take out of the link what is empty or no finite number, and say so.

    Streamlit itself makes an error of such values: no integer is infinite, and no choice is empty.
    """
    if _READ not in st.session_state:
        names = st.session_state[_READ] = [name for name, value in st.query_params.items() if _unreadable(value)]
        for name in names:
            del st.query_params[name]
        if names:
            st.rerun()  # only a run that starts without them is rid of them
    if names := st.session_state[_READ]:
        st.session_state[_READ] = []
        st.warning(
            f"The link's value for {', '.join(names)[:80]} cannot be read. What it should say stands at its default."
        )


def _unreadable(value: str) -> bool:
    try:
        return not math.isfinite(float(value or "nan"))
    except ValueError:
        return False


@st.fragment
def copy_link() -> None:
    """Offer the link of this view: page, model, picture, code, seed and map.

    Once for a reader who came by a link, the browser asks for this button again, and for nothing else: before its first rerun
    Streamlit does not take what the link has set (model, picture, seed) along to another page.
    """
    arrived = bool(st.query_params) and _KNOWN not in st.session_state
    _COPY(key="copy_link", data={"arrived": arrived}, on_arrived_change=_know)


def _know() -> None:
    st.session_state[_KNOWN] = True
