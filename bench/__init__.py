"""What it costs and how it holds: `python -m bench` prints every bar of the design, measured in one run."""
