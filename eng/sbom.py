#!/usr/bin/env python3
"""Writes the bill of materials beside the packages: a CycloneDX document that says what is in each.

usage: eng/sbom.py FOLDER

It lists what the packages contain of other projects' work (the .NET runtime that is compiled into the programs and the library), and
what they need on the machine: NuGet packages, and the shared libraries that the compiled files name.
"""

import hashlib
import json
import os
import re
import sys
import uuid
import zipfile
from datetime import datetime, timezone

sys.dont_write_bytecode = True
import elf  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMPILED = {"kbus": "dist/bin/kbus", "kbusd": "dist/bin/kbusd", "libkbus.so.1": "dist/lib/libkbus.so"}

# Which compiled files a package contains, by what its name is like.
CONTENTS = (
    (r"^Kbus\.\d.*\.nupkg$", ("kbusd",)), (r"^Kbus\.Cli\.\d.*\.nupkg$", ("kbusd",)),
    (r"^kbus_.*\.deb$", ("kbus", "kbusd")), (r"^libkbus1_.*\.deb$", ("libkbus.so.1",)), (r"^libkbus-dev_.*\.deb$", ("libkbus.so.1",)),
    (r"^kbus-.*\.whl$", ("kbusd", "libkbus.so.1")),
)


def runtime_packages():
    """The packages that compiling ahead of time took the runtime from, as the build recorded them: name and version."""
    with open(os.path.join(ROOT, "artifacts", "aot", "obj", "Kbus.Daemon", "project.assets.json"), encoding="utf-8") as file:
        framework = next(iter(json.load(file)["project"]["frameworks"].values()))
    versions = {entry["name"]: entry["version"].strip("[]").split(",")[0] for entry in framework.get("downloadDependencies", [])}
    return {name: version for name, version in versions.items() if re.search(r"\.Runtime\.NativeAOT\.|runtime\..*ILCompiler$", name)}


def needed_packages(path):
    """The NuGet packages of others that a package depends on: name and version."""
    with zipfile.ZipFile(path) as package:
        description = package.read(next(name for name in package.namelist() if name.endswith(".nuspec"))).decode()
    found = re.findall(r'<dependency id="([^"]+)" version="([^"]+)"', description)
    return {name: version.strip("[]") for name, version in found if name != "Kbus" and not name.startswith("Kbus.")}


def library(name, version=None, kind=None, licence=None):
    component = {"type": "library", "bom-ref": "%s:%s" % (kind or "system", name), "name": name}
    if version:
        component["version"] = version
    if kind:
        component["purl"] = "pkg:%s/%s@%s" % (kind, name, version)
    if licence:
        component["licenses"] = [{"license": {"id": licence}}]
    return component


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    version = open(os.path.join(ROOT, "VERSION"), encoding="ascii").read().strip()
    time = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    others = {}
    depends = {}
    files = []

    def need(of, component):
        others[component["bom-ref"]] = component
        depends.setdefault(of, set()).add(component["bom-ref"])

    for name, path in COMPILED.items():
        for runtime, runtime_version in runtime_packages().items():
            need("compiled:" + name, library(runtime, runtime_version, "nuget", "MIT"))
        for shared in elf.needed([os.path.join(ROOT, path)]):
            need("compiled:" + name, library(shared))
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        reference = "file:" + name
        files.append({"type": "file", "bom-ref": reference, "name": name, "version": version,
                      "hashes": [{"alg": "SHA-256", "content": digest}], "licenses": [{"license": {"id": "MIT"}}]})
        depends.setdefault(reference, set())
        for pattern, contents in CONTENTS:
            if re.match(pattern, name):
                depends[reference].update("compiled:" + content for content in contents)
        if name.endswith(".nupkg"):
            for needed, needed_version in needed_packages(os.path.join(folder, name)).items():
                need(reference, library(needed, needed_version, "nuget", "MIT" if needed.startswith("Microsoft.") else None))
    compiled = [{"type": "application" if name.startswith("kbus") else "library", "bom-ref": "compiled:" + name, "name": name,
                 "version": version, "licenses": [{"license": {"id": "MIT"}}]} for name in COMPILED]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"timestamp": time, "component": {"type": "application", "bom-ref": "kbus", "name": "kbus", "version": version,
                                                      "licenses": [{"license": {"id": "MIT"}}]}},
        "components": files + compiled + [others[key] for key in sorted(others)],
        "dependencies": [{"ref": "kbus", "dependsOn": [file["bom-ref"] for file in files]}]
        + [{"ref": key, "dependsOn": sorted(depends[key])} for key in sorted(depends)],
    }
    document["serialNumber"] = "urn:uuid:%s" % uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    with open(os.path.join(folder, "kbus-%s.cdx.json" % version), "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")


main()
