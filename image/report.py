#!/usr/bin/python3
"""Root hash, bill of materials (CycloneDX 1.5) and sizes of an image; fails when it is too large."""

import argparse
import json
import os
import struct
import sys
import uuid


def pe_section(path: str, wanted: bytes) -> bytes:
    """A section of a PE file: a UKI carries its kernel's command line in one."""
    data = open(path, "rb").read()
    pe = struct.unpack_from("<I", data, 0x3C)[0]
    sections, optional = struct.unpack_from("<H12xH", data, pe + 6)
    for number in range(sections):
        at = pe + 24 + optional + 40 * number
        name, size, _, raw_size, start = struct.unpack_from("<8sIIII", data, at)
        if name.rstrip(b"\0") == wanted:
            return data[start : start + min(size, raw_size)]
    sys.exit(f"report: {path} has no section {wanted.decode()}")


def erofs_size(path: str) -> int:
    """Bytes that the file system takes of its partition: block count and size of its superblock."""
    with open(path, "rb") as image:
        image.seek(1024)
        block = image.read(128)
    magic, = struct.unpack_from("<I", block, 0)
    if magic != 0xE0F5E1E2:
        sys.exit(f"report: {path} is no erofs")
    return struct.unpack_from("<I", block, 36)[0] << block[12]


def components(manifest: str, crates: str) -> list[dict]:
    """What is in the image, sorted: Debian's packages, then crates."""
    found = {}
    for package in json.load(open(manifest))["packages"]:
        purl = f"pkg:deb/debian/{package['name']}@{package['version']}?arch={package['architecture']}"
        found[purl] = {"type": "library", "name": package["name"], "version": package["version"]}
    for line in open(crates):
        name_version, _, licence = line.strip().partition("|")
        if not name_version:
            continue
        name, version = name_version.split()[:2]
        version = version.removeprefix("v")
        crate = {"type": "library", "name": name, "version": version}
        if licence and "/" not in licence:
            crate["licenses"] = [{"expression": licence}]
        found[f"pkg:cargo/{name}@{version}"] = crate
    return [{**found[purl], "bom-ref": purl, "purl": purl} for purl in sorted(found)]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("out")
    arguments.add_argument("version")
    arguments.add_argument("manifest")
    arguments.add_argument("--crates", required=True)
    arguments.add_argument("--most-root", type=int, required=True)
    arguments.add_argument("--most-uki", type=int, required=True)
    args = arguments.parse_args()
    base = os.path.join(args.out, f"yici_{args.version}")

    line = pe_section(f"{base}.efi", b".cmdline").decode().strip("\0\n ")
    root_hash = next(word.removeprefix("roothash=") for word in line.split() if word.startswith("roothash="))
    with open(os.path.join(args.out, "root-hash"), "w") as file:
        file.write(root_hash + "\n")

    parts = components(args.manifest, args.crates)
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        # Named by what it describes, so that two builds give the same file.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, root_hash)}",
        "version": 1,
        "metadata": {"component": {"type": "operating-system", "name": "yici", "version": args.version}},
        "components": parts,
    }
    with open(os.path.join(args.out, "sbom.cdx.json"), "w") as file:
        json.dump(bill, file, indent=1, sort_keys=True)
        file.write("\n")

    over = False
    for what, size, most in [
        ("root", erofs_size(f"{base}.root"), args.most_root),
        ("UKI", os.path.getsize(f"{base}.efi"), args.most_uki),
    ]:
        over = over or size > most
        print(f"image: {what} {size / 1e6:.1f} MB of {most / 1e6:.0f} MB{', TOO LARGE' if size > most else ''}")
    print(f"image: root hash {root_hash}, {len(parts)} components")
    if over:
        sys.exit(1)


if __name__ == "__main__":
    main()
