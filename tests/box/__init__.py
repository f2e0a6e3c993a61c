"""The image, booted by QEMU as a card in a box: what its owner sees, and what it survives. See README.md here."""
