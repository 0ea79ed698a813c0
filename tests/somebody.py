"""A server of one's own, and somebody in front of a page, for tests that press and drag."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server(str):
    """The address of a server, and its process."""

    process = None

    def processor_time(self):
        """Seconds of processor time that it has used, as Linux counts them."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(script="app.py"):
    """A fresh `Server`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        script,
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"OPENBLAS_NUM_THREADS": "1", **os.environ, "PYTHONPATH": str(ROOT)},
    )
    address = Server(f"http://127.0.0.1:{port}")
    address.process = process
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        log = process.communicate(timeout=20)[1].decode()
    assert "Traceback" not in log, log


class Person:
    """Somebody in front of a page."""

    def __init__(self, page, server):
        self.page, self.server, self.hosts, self.errors = page, server, set(), []
        page.on("request", lambda r: self.hosts.add(r.url.split("/")[2]) if r.url.startswith(("http", "ws")) else None)
        page.on("pageerror", lambda e: self.errors.append(str(e)))

    def open(self, path):
        self.page.goto(self.server + path)
        self.settled()
        return self

    def settled(self):
        """Wait until every figure is drawn and the script has come to rest; nothing may have gone wrong."""
        self.page.wait_for_selector(".rv-plot[data-drawn], .rv-net[data-drawn]", timeout=30_000)
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=30_000)
        self.healthy()
        return self

    def healthy(self):
        assert not self.errors, self.errors
        assert self.page.locator("[data-testid=stException]").count() == 0
        assert self.hosts <= {self.server.split("/")[2]}

    def fits(self):
        """Nothing of the page lies beyond its right edge."""
        beyond = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        assert self.page.evaluate(beyond) <= 1

    def figure(self, key=0):
        """Names and values of the curves of a figure, as they are drawn."""
        return self.page.evaluate(
            "k => [...document.querySelectorAll('.rv-figure')][k]._fullData"
            ".map(t => [t.name, Array.from(t.z ? t.z.flatMap(r => Array.from(r)) : t.y)])",
            key,
        )

    def changed(self, before, key=0):
        """Wait until a figure shows other values than these, and give the new ones."""
        self.page.wait_for_function(
            "([k, old]) => JSON.stringify([...document.querySelectorAll('.rv-figure')][k]?._fullData?.map(t => "
            "[t.name, Array.from(t.z ? t.z.flatMap(r => Array.from(r)) : t.y)])) !== JSON.stringify(old)",
            arg=[key, before],
            timeout=15_000,
        )
        return self.figure(key)

    def slider(self, label):
        return self.page.get_by_role("slider", name=label)

    def press(self, label, *keys):
        slider = self.slider(label)
        slider.focus()
        for key in keys:
            self.page.keyboard.press(key)
