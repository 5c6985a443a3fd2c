"""Command lines that make the artifacts: gallery, train, evaluate, project. The app never imports them."""
