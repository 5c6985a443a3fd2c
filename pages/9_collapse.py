"""Collapse."""
import streamlit as st
from pages.kit.nav import chapter
chapter("Collapse","x")
from pages.kit.picker import chosen_model
chosen_model()
