"""Files that the browser fetches once: too heavy to travel inside every visitor's messages."""

from streamlit import runtime


def served(content: bytes, key: str) -> str:
    """Serve `content` to this visitor until the page changes; returns its address below the app's own.

    All visitors share one copy, and the browser keeps it. `key` tells the files of one page apart. The store is the one that
    Streamlit keeps for its own pictures and downloads.
    """
    if not runtime.exists():  # a test without a server: nobody will ask
        return ""
    return runtime.get_instance().media_file_mgr.add(content, "application/octet-stream", f"vae_classroom.{key}")
