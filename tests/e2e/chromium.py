# SPDX-License-Identifier: BSD-2-Clause
"""chromium: a real browser without a screen, by its own debugging protocol
over a pipe. It finds no name but those of the test."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

import lab as labs

PROGRAM = "chromium-headless-shell"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="fr-chromium-")
        to_us, from_it = os.pipe()
        to_it, from_us = os.pipe()
        # It reads from descriptor 3 and writes to 4: no end of ours may be
        # one of these.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10)
                for end in (to_it, from_it)]
        self.child = subprocess.Popen(
            ["bash", "-c", 'exec "$@" 3<&%d 4>&%d' % tuple(ends), "bash",
             PROGRAM, *FLAGS, f"--user-data-dir={self.folder}"],
            pass_fds=ends, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (to_it, from_it, *ends):
            os.close(end)
        self.to = from_us
        self.come = to_us
        self.kept = b""
        self.count = 0
        self.events = []

    def close(self):
        os.close(self.to)
        os.close(self.come)
        self.child.terminate()
        self.child.wait(10 * labs.PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _message(self, end):
        while b"\0" not in self.kept:
            left = end - time.monotonic()
            if left < 0 or not select.select([self.come], [], [], left)[0]:
                raise labs.Trouble("the browser says nothing")
            data = os.read(self.come, 1 << 18)
            if not data:
                raise labs.Trouble("the browser ended")
            self.kept += data
        message, self.kept = self.kept.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, page=None, **how):
        """The answer to a command; events meanwhile are kept."""
        self.count += 1
        command = {"id": self.count, "method": method, "params": how}
        if page:
            command["sessionId"] = page
        os.write(self.to, json.dumps(command).encode() + b"\0")
        end = time.monotonic() + 20 * labs.PATIENCE
        while True:
            message = self._message(end)
            if message.get("id") == self.count:
                if "error" in message:
                    raise labs.Trouble(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait(self, page, event):
        """Until it has happened on that page."""
        end = time.monotonic() + 20 * labs.PATIENCE
        while not any(one.get("method") == event and
                      one.get("sessionId") == page for one in self.events):
            self.events.append(self._message(end))


class Page:
    """A tab of its own."""

    def __init__(self, browser, width=1400, scripts=True):
        self.browser = browser
        self.target = browser.ask("Target.createTarget",
                                  url="about:blank")["targetId"]
        self.session = browser.ask("Target.attachToTarget", flatten=True,
                                   targetId=self.target)["sessionId"]
        for part in ("Page", "Runtime", "Log"):
            self.ask(f"{part}.enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=width,
                 height=900, deviceScaleFactor=1, mobile=width < 600)
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.browser.ask("Target.closeTarget", targetId=self.target)

    def ask(self, method, **how):
        return self.browser.ask(method, self.session, **how)

    def theme(self, name):
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name}])

    def load(self, url):
        self.browser.events.clear()
        self.ask("Page.navigate", url=url)
        self.browser.wait(self.session, "Page.loadEventFired")

    def run(self, script):
        """The value of an expression, or of what it promises."""
        done = self.ask("Runtime.evaluate", expression=script,
                        returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise labs.Trouble(f"{script}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def press(self, key, text=None):
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, code=key,
                 windowsVirtualKeyCode={"Tab": 9, "Enter": 13}.get(key, 0),
                 **({"text": text} if text else {}))
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def wrong(self):
        """What the browser complained of since the page was loaded."""
        return [one["params"] for one in self.browser.events
                if one.get("method") in ("Log.entryAdded",
                                         "Runtime.exceptionThrown")]

    def picture(self, path):
        data = self.ask("Page.captureScreenshot", format="png",
                        captureBeyondViewport=True)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))
