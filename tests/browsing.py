"""Draws in a real browser: Chromium, with LiteRT's own runtime, from a server on this machine."""

import contextlib
import functools
import http.server
import json
import pathlib
import shutil
import threading

FOLDER = pathlib.Path(__file__).parent / "browser"
RUNTIME = FOLDER / "node_modules" / "@litertjs"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# A browser that asks nobody anything but the page.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""

    def log_message(self, *arguments):
        """Not a line for each request."""


@contextlib.contextmanager
def page_of(folder, asked):
    """A browser's page, and the address at which it finds the folder, with the runtime in it.

    Args:
        folder: the folder.
        asked: a set, to which the hosts are added that the page asks for something.
    """
    import playwright.sync_api

    (folder / "node_modules").symlink_to(FOLDER / "node_modules")
    handler = functools.partial(Handler, directory=str(folder))
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        playwright.sync_api.sync_playwright() as driver,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 800, "height": 900})
        page.on("request", lambda request: asked.add(request.url.split("/")[2]))
        yield page, f"http://127.0.0.1:{server.server_port}"
        browser.close()
        server.shutdown()


def draw(folder, name, inputs, screenshot):
    """What the browser draws with a file for inputs.

    Args:
        folder: where the file is, and its description.
        name: of the file.
        inputs: a dict from the names of inputs to lists, of which each entry makes a sample.
        screenshot: where the picture of the page goes.

    Returns:
        A list of the samples, each a flat list of numbers; and the hosts that were asked.
    """
    (folder / "inputs.json").write_text(json.dumps(inputs))
    shutil.copy(FOLDER / "index.html", folder)
    asked = set()
    with page_of(folder, asked) as (page, address):
        page.goto(f"{address}/index.html#{name}")
        samples = page.evaluate("window.drawn")
        page.screenshot(path=str(screenshot))
    return samples, asked


def look(folder, expression, until):
    """The value of an expression in the page `index.html` of a folder, when another is true."""
    with page_of(folder, set()) as (page, address):
        page.goto(f"{address}/index.html")
        page.wait_for_function(until, timeout=30_000)
        return page.evaluate(expression)
