"""`python -m pipelines.report_server PORT`: the page of results, with nothing else of the project."""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from facemotion import layout
from facemotion.servers import HOST

SHOWN = (layout.PAGE.name, layout.ASSETS.name)


class Page(SimpleHTTPRequestHandler):
    def send_head(self):  # type: ignore[no-untyped-def]
        parts = PurePosixPath(unquote(urlsplit(self.path).path)).parts[1:]
        if not parts:
            self.path, parts = f"/{layout.PAGE.name}", (layout.PAGE.name,)
        if parts[0] not in SHOWN:
            self.send_error(404)
            return None
        return super().send_head()


if __name__ == "__main__":
    ThreadingHTTPServer((HOST, int(sys.argv[1])), partial(Page, directory=str(layout.REPORTS))).serve_forever()
