"""Values in, bytes out. No await, no clock, no socket: every byte we send or parse is described here."""
