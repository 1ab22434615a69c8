#!/usr/bin/env python3
"""Makes the wheel of the Python package: the package, the library beside it, and what pip wants to know. Needs nothing but Python.

usage: eng/wheel.py FOLDER LIBRARY [DAEMON]

  FOLDER   where the wheel is put; its path is printed
  LIBRARY  libkbus.so
  DAEMON   kbusd, for the first Ksock to start where none is installed
"""

import base64
import hashlib
import os
import platform
import re
import sys
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACKAGE = os.path.join(ROOT, "python", "kbus")

# Zip archives know no time before this; a fixed one makes equal contents equal wheels.
TIME = (1980, 1, 1, 0, 0, 0)

METADATA = """\
Metadata-Version: 2.1
Name: kbus
Version: {version}
Summary: A message bus for the programs of one Linux machine
License: MIT
Requires-Python: >=3.9
Classifier: Operating System :: POSIX :: Linux
Classifier: Typing :: Typed
Description-Content-Type: text/markdown

{description}"""

WHEEL = """\
Wheel-Version: 1.0
Generator: kbus
Root-Is-Purelib: false
Tag: {tag}
"""


def read(*path: str) -> bytes:
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main() -> None:
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    folder, library, *daemon = sys.argv[1:]
    found = re.search(rb"<VersionPrefix>([^<]+)</VersionPrefix>", read(ROOT, "Directory.Build.props"))
    if found is None:
        sys.exit("Directory.Build.props does not say the version.")
    version = found.group(1).decode()
    # Of this machine and its kind alone: nobody has looked how old a system the library would run on.
    tag = "py3-none-linux_" + platform.machine()
    about = "kbus-%s.dist-info/" % version

    files = {"kbus/" + name: read(PACKAGE, name) for name in sorted(os.listdir(PACKAGE)) if name.endswith((".py", ".typed"))}
    files["kbus/libkbus.so"] = read(library)
    if daemon:
        files["kbus/kbusd"] = read(daemon[0])
    files[about + "METADATA"] = METADATA.format(version=version, description=read(ROOT, "docs", "python.md").decode()).encode()
    files[about + "WHEEL"] = WHEEL.format(tag=tag).encode()
    files[about + "LICENSE"] = read(ROOT, "LICENSE")
    record = ["%s,%s,%d" % (name, digest(content), len(content)) for name, content in files.items()]
    files[about + "RECORD"] = ("\n".join(record + [about + "RECORD,,"]) + "\n").encode()

    path = os.path.join(folder, "kbus-%s-%s.whl" % (version, tag))
    os.makedirs(folder, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # pip makes executable what is so here, if it is also said to be a regular file.
            entry.external_attr = (0o100755 if name.endswith((".so", "kbusd")) else 0o100644) << 16
            wheel.writestr(entry, content)
    print(path)


main()
