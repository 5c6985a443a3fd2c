"""All that may import streamlit or altair and is not a page."""
