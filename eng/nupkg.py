#!/usr/bin/env python3
"""Writes NuGet packages again, so that equal contents make equal files.

usage: eng/nupkg.py FOLDER PACKAGE ...

Packing gives each file the time of its making, and one part (the core properties of the container) a random name. Here files are sorted
by name, have the time SOURCE_DATE_EPOCH, and that part is named after its contents.
"""

import hashlib
import os
import re
import sys
import time
import zipfile


def normalized(files):
    """The same files, by name; the part with the random name has another, and what refers to it, too."""
    result = dict(files)
    for name in files:
        if name.endswith(".psmdcp"):
            content = result.pop(name)
            new = "package/services/metadata/core-properties/%s.psmdcp" % hashlib.sha256(content).hexdigest()[:32]
            result[new] = content
            relations = result["_rels/.rels"].decode()
            relations = relations.replace(name, new)
            # The ids of relations are random, too. Nothing refers to them.
            numbers = iter(range(1, 1000))
            result["_rels/.rels"] = re.sub(r'Id="[^"]*"', lambda _: 'Id="R%d"' % next(numbers), relations).encode()
    return result


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    when = time.gmtime(max(int(os.environ["SOURCE_DATE_EPOCH"]), 315532800))[:6]
    for path in sys.argv[2:]:
        with zipfile.ZipFile(path) as package:
            files = {entry.filename: package.read(entry) for entry in package.infolist()}
        with zipfile.ZipFile(os.path.join(sys.argv[1], os.path.basename(path)), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
            for name, content in sorted(normalized(files).items()):
                entry = zipfile.ZipInfo(name, when)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o100644 << 16
                package.writestr(entry, content)


main()
