"""Reads a terminal's data partition without the kernel: its key is a file on the ESP where there is no TPM."""

import json
import pathlib
import subprocess

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def partitions(disk: pathlib.Path) -> dict:
    """The disk's partitions by label."""
    table = json.loads(subprocess.check_output(["sfdisk", "--json", disk]))["partitiontable"]
    return {part["name"]: part for part in table["partitions"]}


def unlock(disk: pathlib.Path, work: pathlib.Path) -> pathlib.Path:
    """The file system on the data partition of `disk`, as a file in `work`."""
    parts = partitions(disk)
    start, size = parts["data"]["start"] * 512, parts["data"]["size"] * 512
    key, head, volume, plain = (work / name for name in ("data.key", "data.head", "data.volume", "data.ext4"))
    volume.unlink(missing_ok=True)
    esp = parts["esp"]["start"] * 512
    subprocess.run(["mcopy", "-n", "-o", "-i", f"{disk}@@{esp}", "::yici-data.key", key], check=True)
    with open(disk, "rb") as file:
        file.seek(start)
        head.write_bytes(file.read(16 << 20))
    said = subprocess.check_output(["cryptsetup", "luksDump", "--dump-json-metadata", head])
    segment = json.loads(said)["segments"]["0"]
    subprocess.run(
        ["cryptsetup", "luksDump", "--batch-mode", "--dump-volume-key", "--volume-key-file", volume, "--key-file", key, head],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    secret = volume.read_bytes()
    sector, offset = segment["sector_size"], int(segment["offset"])
    if segment["encryption"] != "aes-xts-plain64":
        raise ValueError(f"encrypted by {segment['encryption']}")
    aes, nothing = algorithms.AES(secret), bytes(sector)
    with open(disk, "rb") as file, open(plain, "wb") as out:
        file.seek(start + offset)
        out.truncate(size - offset)
        for at in range(0, size - offset, sector):
            block = file.read(sector)
            # What was never written.
            if block == nothing:
                continue
            # The tweak counts sectors of 512 bytes, whatever their size.
            tweak = (at // 512).to_bytes(16, "little")
            decryptor = Cipher(aes, modes.XTS(tweak)).decryptor()
            out.seek(at)
            out.write(decryptor.update(block))
    return plain


def read(plain: pathlib.Path, path: str) -> bytes:
    """A file on the unlocked file system, which is mounted as /var; empty if it is not there."""
    # After a pulled plug, what was synced last is in the journal alone.
    if subprocess.run(["e2fsck", "-p", plain], stdout=subprocess.DEVNULL).returncode > 1:
        raise ValueError("the file system on the data partition cannot be mended")
    return subprocess.run(["debugfs", "-R", f"cat {path}", plain], capture_output=True, check=True).stdout


def holds(file: pathlib.Path, words: list[str]) -> list[str]:
    """Which of these words are anywhere in a file, in UTF-8, in UTF-16 or in GB18030."""
    needles = {word.encode(code): word for word in words for code in ("utf-8", "utf-16-le", "utf-16-be", "gb18030")}
    longest = max(map(len, needles))
    found, tail = set(), b""
    with open(file, "rb") as source:
        while block := source.read(64 << 20):
            block = tail + block
            found.update(word for needle, word in needles.items() if needle in block)
            tail = block[-longest:]
    return sorted(found)
