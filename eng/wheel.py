#!/usr/bin/env python3
"""Makes the wheel of the Python package: the package, the library beside it, and what pip wants to know. Needs nothing but Python and readelf.

usage: eng/wheel.py FOLDER LIBRARY [DAEMON]
       eng/wheel.py FOLDER --sdist

  FOLDER   where the wheel is put; its path is printed
  LIBRARY  libkbus.so
  DAEMON   kbusd, for the first Ksock to start where none is installed
  --sdist  makes the source package instead: the package alone, which uses an installed library

The wheel's tag names the oldest GNU C library that has what the library and the daemon need.
"""

import gzip
import io
import os
import platform
import sys
import tarfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACKAGE = os.path.join(ROOT, "python", "kbus")

sys.path.insert(0, os.path.join(ROOT, "packaging", "python"))
sys.dont_write_bytecode = True

import elf  # noqa: E402
from kbus_build import metadata, package_files, read, write_wheel  # noqa: E402


def tag_for(compiled):
    """The tag of a wheel with these files: manylinux if the C library is all that they need."""
    machine = platform.machine()
    if set(elf.needed(compiled)) <= elf.C_LIBRARIES:
        return "py3-none-manylinux_%d_%d_%s" % (elf.glibc(compiled) + (machine,))
    return "py3-none-linux_" + machine


def write_sdist(folder, version, description):
    """The sources as pip takes them. Equal contents give equal files: the time is that of the last commit (SOURCE_DATE_EPOCH)."""
    top = "kbus-%s/" % version
    files = {top + name: content for name, content in package_files(PACKAGE).items()}
    for name in ("kbus_build.py", "pyproject.toml"):
        files[top + name] = read(ROOT, "packaging", "python", name)
    files[top + "LICENSE"] = read(ROOT, "LICENSE")
    files[top + "README.md"] = description.encode()
    files[top + "PKG-INFO"] = metadata(version, description, has_library=False).encode()
    time = int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(files[name]), time, 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    name = "kbus-%s.tar.gz" % version
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as compressed:
        compressed.write(packed.getvalue())
    return name


def main() -> None:
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    folder, library, *daemon = sys.argv[1:]
    version = read(ROOT, "VERSION").decode().strip()
    description = read(ROOT, "docs", "python.md").decode()
    if library == "--sdist":
        name = write_sdist(folder, version, description)
    else:
        files = package_files(PACKAGE)
        files["kbus/libkbus.so"] = read(library)
        if daemon:
            files["kbus/kbusd"] = read(daemon[0])
        name = write_wheel(folder, files, version, tag_for([library] + daemon), description, read(ROOT, "LICENSE"))
    print(os.path.join(folder, name))


main()
