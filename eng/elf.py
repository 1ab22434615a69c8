#!/usr/bin/env python3
"""What compiled programs and libraries need of the system that runs them.

usage: eng/elf.py glibc FILE ...   prints the oldest GNU C library that has every symbol version these files need, such as 2.34
       eng/elf.py needed FILE ...  prints the shared libraries that they name, one a line
"""

import re
import subprocess
import sys
from typing import List, Tuple

# What every system with the GNU C library has; wheels with a manylinux tag may need these and a few others.
C_LIBRARIES = frozenset(("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1",
                         "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"))


def _readelf(option: str, path: str) -> str:
    return subprocess.run(["readelf", "--wide", option, path], stdout=subprocess.PIPE, check=True, universal_newlines=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def needed(paths: List[str]) -> List[str]:
    """The shared libraries that the files name (DT_NEEDED), sorted."""
    return sorted({name for path in paths for name in re.findall(r"\(NEEDED\).*\[([^\]]+)\]", _readelf("--dynamic", path))})


def glibc(paths: List[str]) -> Tuple[int, int]:
    """The newest GLIBC_x.y among the symbol versions that the files need."""
    found = [(int(major), int(minor)) for path in paths
             for major, minor in re.findall(r"Name: GLIBC_(\d+)\.(\d+)", _readelf("--version-info", path))]
    if not found:
        sys.exit("%s: no symbol of the GNU C library is needed, which cannot be" % ", ".join(paths))
    return max(found)


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[1] not in ("glibc", "needed"):
        sys.exit(__doc__)
    if sys.argv[1] == "glibc":
        print("%d.%d" % glibc(sys.argv[2:]))
    else:
        print("\n".join(needed(sys.argv[2:])))


if __name__ == "__main__":
    main()
