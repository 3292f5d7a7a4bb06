#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A small origin for ./quickstart: it answers what it was asked.

usage: quickstart-origin.py NAME PORT-FILE

Listens on a free port of 127.0.0.1 and writes its number to PORT-FILE, whole
or not at all. SIGTERM ends it.
"""
import http.server
import os
import signal
import sys

SHOWN = ("X-User-Host", "X-Forwarded-For", "X-Forwarded-Host")


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        lines = [f"origin {self.server.name} was asked for {self.path}"]
        lines += [f"{name}: {self.headers[name]}" for name in SHOWN
                  if name in self.headers]
        body = ("\n".join(lines) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    name, port_file = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin) as server:
        server.name = name
        with open(port_file + ".new", "w", encoding="ascii") as out:
            out.write(f"{server.server_port}\n")
        os.rename(port_file + ".new", port_file)
        server.serve_forever()


if __name__ == "__main__":
    main()
