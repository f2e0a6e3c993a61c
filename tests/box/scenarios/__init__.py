"""What is played on a box. Each module here registers its scenarios by `stage.scenario`."""
