"""The HTTP side: quart-trio routes, viewers, listening sockets and the guarded edge to the network."""
