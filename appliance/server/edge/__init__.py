"""The server's edge: every client connection, from accept to close, around hypercorn's HTTP/1.1 and WebSocket.

hypercorn's protocol classes parse, upgrade and speak ASGI. How bytes come and go, and when a connection ends, is
decided here, in place of hypercorn's TCPServer and worker_serve. As they ship, one stray byte after an upgrade ends the
process (hypercorn #225), a send to a stalled viewer cannot be cancelled, and under quart-trio a finished connection is
never closed (#330). Of hypercorn only constructors and a handful of methods are used, nothing is patched, and
`pinned` refuses a release that changed them.

Rule 1: whatever a client does ends at most its own connection, and in at most one line of log.
Rule 2: every wait has an end: sends and idle connections have deadlines, the app has a moment after its client left.
Rule 3: no other room imports hypercorn. `pinned` lists all that is relied on.
"""

from appliance.server.edge.serving import serve

__all__ = ["serve"]
