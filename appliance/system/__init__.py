"""What the program knows of the machine it runs on."""
