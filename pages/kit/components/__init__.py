"""What lives in the browser: a component's Python beside its JavaScript, HTML and CSS."""
