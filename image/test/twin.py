"""A citizen at two screens at once: a terminal without a display on this machine, whose words can be read, and the
image in QEMU, which must show the same pages. What the citizen touches on one is touched on the other."""

import io
import json
import os
import pathlib
import socket
import struct
import subprocess
import threading
import time

from PIL import Image, ImageChops, ImageFilter, ImageStat

# An emulated processor draws a page in seconds.
PATIENCE = 60
MORE = ("往下看", "More below")
PADS = ("签名处", "Signature")
# In hundredths of where people sign, as in src/headless/citizen.rs.
STROKES = [[(20, 60), (32, 30), (44, 65), (56, 35), (66, 60)], [(60, 20), (64, 45), (70, 70)]]


class Missed(Exception):
    """What the citizen could not do."""


class Screen:
    """The screen of a terminal started with `--screen` (src/headless/live.rs)."""

    def __init__(self, path: pathlib.Path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.picture, self.seen = Image.new("RGB", (1, 1)), []
        self.lock = threading.Lock()
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        stream = self.socket.makefile("rb")
        while head := stream.read(5):
            kind, length = struct.unpack(">cI", head)
            body = stream.read(length)
            with self.lock:
                if kind == b"L":
                    self.seen = json.loads(body)
                    continue
                left, top, width, height = struct.unpack(">4H", body[:8])
                if self.picture.size != (width, height):
                    self.picture = Image.new("RGB", (width, height))
                self.picture.paste(Image.open(io.BytesIO(body[8:])), (left, top))

    def now(self) -> tuple[Image.Image, list]:
        with self.lock:
            return self.picture.copy(), list(self.seen)

    def finger(self, kind: str, x: float, y: float):
        self.socket.sendall(struct.pack(">cHH", kind.encode(), round(x), round(y)))


class Twin:
    """Walks through a script of a citizen (`demo/*.citizen`) at both.

    `hands` are the environments that a command of the script runs in: one for each terminal's devices. `keep` takes a
    picture of the image, and a name."""

    def __init__(self, screen: Screen, machine, hands: list[dict], keep):
        self.screen, self.machine, self.hands, self.keep = screen, machine, hands, keep
        self.touches = 0

    def walk(self, script: pathlib.Path, last: str = "end"):
        """Does what the script says up to the step `last`."""
        for number, line in enumerate(script.read_text().splitlines(), 1):
            verb, _, rest = line.strip().partition(" ")
            try:
                if verb == "end":
                    return
                self.step(verb, rest.strip())
            except Missed as missed:
                host, seen = self.screen.now()
                self.keep(host, "visit-failed-expected")
                self.keep(self.machine.screen(), "visit-failed")
                words = ", ".join(one["label"] for one in seen)[:400]
                raise Missed(f"{script.name}:{number}: {line}: {missed}; visible: {words}") from None
            if line.strip() == last:
                return

    def step(self, verb: str, rest: str):
        match verb:
            case "" | "#":
                pass
            case "tap":
                self.tap(rest)
            case "type":
                for key in rest:
                    self.tap(key)
            case "wait":
                words, _, last = rest.rpartition(" ")
                self.wait(words if last.isdigit() else rest)
            case "sign":
                self.sign()
            case "do":
                for environment in self.hands:
                    subprocess.run(["sh", "-c", rest], env=os.environ | environment, check=True, stdout=subprocess.DEVNULL)
            case "sleep":
                time.sleep(float(rest))
            case "shot":
                self.keep(self.machine.screen(), f"visit-{rest}")
            case _:
                raise Missed("no step that this citizen knows")

    def find(self, look) -> dict:
        """What `look` picks from what can be seen, once both screens show the same."""
        until = time.monotonic() + PATIENCE
        below = time.monotonic() + 2
        while time.monotonic() < until:
            _, seen = self.screen.now()
            if found := look(seen):
                self.agree()
                return found
            more = [one for one in seen if one["label"] in MORE and one["button"] and one["enabled"]]
            if more and time.monotonic() > below:
                self.agree()
                self.press(*centre(more[0]))
                below = time.monotonic() + 2
            time.sleep(0.1)
        raise Missed("it is not there")

    def wait(self, words: str):
        self.find(lambda seen: next((one for one in seen if words in one["label"]), None))

    def tap(self, label: str):
        found = self.find(lambda seen: choose(seen, label))
        self.press(*centre(found))

    def press(self, x: float, y: float):
        self.touches += 1
        self.screen.finger("d", x, y)
        self.machine.finger(x, y, down=True)
        self.screen.finger("u", x, y)
        self.machine.finger(x, y, down=False)
        time.sleep(0.4)

    def sign(self):
        pad = self.find(lambda seen: next((one for one in seen if one["label"] in PADS), None))
        left, top, right, bottom = pad["area"]
        for stroke in STROKES:
            points = [(left + (right - left) * x / 100, top + (bottom - top) * y / 100) for x, y in stroke]
            self.screen.finger("d", *points[0])
            self.machine.finger(*points[0], down=True)
            for point in points[1:]:
                self.screen.finger("m", *point)
                self.machine.finger(*point)
            self.screen.finger("u", *points[-1])
            self.machine.finger(*points[-1], down=False)
        time.sleep(0.4)

    def agree(self):
        """Waits until both show the same page."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            host, image = self.screen.now()[0], self.machine.screen()
            if alike(host, image):
                return
            time.sleep(0.2)
        raise Missed("the image shows another page")


def centre(seen: dict) -> tuple[float, float]:
    left, top, right, bottom = seen["area"]
    return (left + right) / 2, (top + bottom) / 2


def choose(seen: list[dict], label: str) -> dict | None:
    """The label exactly, else its beginning, else a part of it."""
    can = [one for one in seen if one["button"] and one["enabled"]]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        if found := next((one for one in can if fits(one["label"], label)), None):
            return found
    return None


def alike(one: Image.Image, other: Image.Image) -> bool:
    """The same page but for a pointer, a countdown, a case number, a key: less than 1 in 80 of the blurred pixels differ."""
    if one.size != other.size:
        return False
    small = [picture.convert("L").resize((270, 480)).filter(ImageFilter.BoxBlur(1)) for picture in (one, other)]
    differing = ImageChops.difference(*small).point(lambda value: 255 if value > 40 else 0)
    return ImageStat.Stat(differing).mean[0] / 255 < 0.0125
