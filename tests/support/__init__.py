"""What tests of the whole box share: starting the real program, and clients that read what it sends."""
