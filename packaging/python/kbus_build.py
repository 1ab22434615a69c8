"""Makes wheels of the Python package kbus, with nothing but Python: for ./build, and as the build backend of the sdist (PEP 517)."""

import base64
import hashlib
import os
import zipfile

# Zip archives know no time before this; a fixed one makes equal contents equal wheels.
TIME = (1980, 1, 1, 0, 0, 0)

METADATA = """\
Metadata-Version: 2.1
Name: kbus
Version: {version}
Summary: A message bus for the programs of one Linux machine
License: MIT
Requires-Python: >=3.9
{needs}Classifier: Operating System :: POSIX :: Linux
Classifier: Typing :: Typed
Description-Content-Type: text/markdown

{description}"""

WHEEL = """\
Wheel-Version: 1.0
Generator: kbus
Root-Is-Purelib: {pure}
Tag: {tag}
"""

# What a package without the library says that it needs. Installers do not bring such things; people read it.
NEEDS_LIBRARY = "Requires-External: libkbus.so.1\n"


def metadata(version: str, description: str, has_library: bool) -> str:
    return METADATA.format(version=version, description=description, needs="" if has_library else NEEDS_LIBRARY)


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def write_wheel(folder, files, version, tag, description, licence):
    """Writes a wheel of these files (their names in the wheel, and contents). Returns its name."""
    about = "kbus-%s.dist-info/" % version
    has_library = "kbus/libkbus.so" in files
    files = dict(files)
    files[about + "METADATA"] = metadata(version, description, has_library).encode()
    files[about + "WHEEL"] = WHEEL.format(tag=tag, pure="false" if has_library else "true").encode()
    files[about + "LICENSE"] = licence
    record = ["%s,%s,%d" % (name, _digest(content), len(content)) for name, content in files.items()]
    files[about + "RECORD"] = ("\n".join(record + [about + "RECORD,,"]) + "\n").encode()

    name = "kbus-%s-%s.whl" % (version, tag)
    os.makedirs(folder, exist_ok=True)
    with zipfile.ZipFile(os.path.join(folder, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # pip makes executable what is so here, if it is also said to be a regular file.
            entry.external_attr = (0o100755 if path.endswith((".so", "kbusd")) else 0o100644) << 16
            wheel.writestr(entry, content)
    return name


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def package_files(package):
    """The files of the package itself, by their names in a wheel."""
    return {"kbus/" + name: read(package, name) for name in sorted(os.listdir(package)) if name.endswith((".py", ".typed"))}


# What follows is called by pip and the like, in the folder of an unpacked sdist.

def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """A wheel of the package alone: it uses the library that is installed on the system."""
    about = read("PKG-INFO").decode()
    version = next(line.split(": ", 1)[1] for line in about.splitlines() if line.startswith("Version: "))
    return write_wheel(wheel_directory, package_files("kbus"), version, "py3-none-any", about.split("\n\n", 1)[1], read("LICENSE"))


def build_sdist(sdist_directory, config_settings=None):
    raise RuntimeError("This is an sdist already. In a checkout of KBUS, ./build --packages makes one.")
