# What the scripts at the root share. They have gone to the root of the checkout before they read this.
# shellcheck shell=bash

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

# In CI nothing may outlive the script; on a desk the waiting build servers make the next build quicker.
if [ "${CI:-}" = true ]; then
    export MSBUILDDISABLENODEREUSE=1
fi

say() { printf '%s\n' "$*"; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# The comment at the top of a script is its help.
print_help() { sed -n '2,${/^#/!q;s/^# \{0,1\}//;p}' "$0"; }

# Puts dotnet on the path if it is anywhere, and tells the programs of a plain build, which look for the runtime by themselves.
find_dotnet() {
    if ! command -v dotnet >/dev/null 2>&1; then
        [ -x "$HOME/.dotnet/dotnet" ] && PATH="$HOME/.dotnet:$PATH"
    fi
    if ! command -v dotnet >/dev/null 2>&1; then
        die "the .NET SDK 10 is missing. Install it (Debian, Ubuntu: the package dotnet-sdk-10.0; others: https://dot.net) and start this again."
    fi
    export DOTNET_ROOT="${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}"
}

need_sdk() {
    find_dotnet
    if ! dotnet --version >/dev/null 2>&1; then
        die "the .NET SDK found ($(command -v dotnet)) is too old: version 10.0 is needed (global.json). Install the package dotnet-sdk-10.0 and start this again."
    fi
}

# quietly LOG COMMAND...: runs the command with its output in the file LOG, which is shown on stderr if it fails.
quietly() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        grep -E '(error|warning) [A-Za-z]+[0-9]+|error *:' "$log" | sed 's/ \[[^]]*\]$//' | sort -u | head -n 40 >&2
        say "The whole output is in $log." >&2
        return 1
    fi
}

# bring PACKAGE...: installs them through apt-get, saying so. False, with the reason on stderr, if that cannot be.
bring() {
    command -v apt-get >/dev/null 2>&1 || { say "there is no apt-get that could install: $*" >&2; return 1; }
    local as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    say "installing with apt-get: $*"
    export DEBIAN_FRONTEND=noninteractive
    quietly artifacts/log/apt.log $as_root apt-get install -y --no-install-recommends "$@" 2>/dev/null && return
    quietly artifacts/log/apt.log $as_root apt-get update &&
        quietly artifacts/log/apt.log $as_root apt-get install -y --no-install-recommends "$@" && return
    tail -n 5 artifacts/log/apt.log >&2
    return 1
}

# True if nothing that goes into the programs is newer than the file $1. Folders count: their time changes when a file goes.
# The hosting library is in none of them.
up_to_date() {
    [ -e "$1" ] && [ -z "$(find src VERSION eng/*.props Directory.Build.props Directory.Build.targets Directory.Packages.props global.json \
        -path src/Kbus.Extensions.Hosting -prune -o -newer "$1" -print -quit 2>/dev/null)" ]
}

# need_packages PACKAGE:FILE ...: installs the Debian packages whose file (a path, or a command) is missing.
need_packages() {
    local pair missing=
    for pair in "$@"; do
        case ${pair#*:} in
            /*) [ -e "${pair#*:}" ] || missing="$missing ${pair%%:*}" ;;
            *) command -v "${pair#*:}" >/dev/null 2>&1 || missing="$missing ${pair%%:*}" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086
    bring $missing || die "needs these Debian packages, or what they are called here:$missing. Install them and start this again."
}

# What compiling ahead of time needs; more packages can be named. Sets rid.
need_compiler() {
    case $(uname -m) in
        x86_64) rid=linux-x64 ;;
        aarch64) rid=linux-arm64 ;;
        *) die "cannot compile ahead of time for $(uname -m); './kbus' works on every machine that has the .NET SDK" ;;
    esac
    need_packages gcc:gcc libc6-dev:/usr/include/stdio.h "$@"
}

# compile PROJECT NAME: ahead of time, into artifacts/aot/out/NAME. Apart from the plain builds, or each kind of build would undo the
# other's restore.
compile() {
    say "compiling $2 ..."
    quietly "artifacts/log/$2.log" dotnet publish "$1" -c Release -r "$rid" -p:KbusAot=true -p:CppCompilerAndLinker=gcc \
        -p:ContinuousIntegrationBuild=true -p:EnableSourceLink=false \
        --artifacts-path artifacts/aot -o "artifacts/aot/out/$2" -v quiet --nologo || die "could not compile $2"
}

# Compiles kbus and kbusd ahead of time, unless they are up to date.
compile_programs() {
    if up_to_date artifacts/compiled.stamp && [ -x artifacts/aot/out/kbus/Kbus.Cli ] && [ -x artifacts/aot/out/kbusd/kbusd ]; then
        return 0
    fi
    mkdir -p artifacts
    touch artifacts/compiled.stamp.new
    compile src/Kbus.Cli kbus
    compile src/Kbus.Daemon kbusd
    mv artifacts/compiled.stamp.new artifacts/compiled.stamp
}

# Compiles the C library, unless it is up to date, and puts it with its headers and what pkg-config and CMake find it by into
# artifacts/libkbus.
compile_library() {
    local version directory=artifacts/libkbus
    version=$(cat VERSION)
    if up_to_date artifacts/libkbus.stamp && [ -z "$(find packaging/libkbus -newer artifacts/libkbus.stamp -print -quit)" ]; then
        return 0
    fi
    mkdir -p artifacts
    touch artifacts/libkbus.stamp.new
    compile src/Kbus.Native libkbus
    rm -rf "$directory"
    mkdir -p "$directory/lib/pkgconfig" "$directory/lib/cmake/Kbus" "$directory/include/linux" "$directory/include/kbus"
    cp artifacts/aot/out/libkbus/Kbus.Native.so "$directory/lib/libkbus.so.$version"
    ln -s "libkbus.so.$version" "$directory/lib/libkbus.so.1"
    ln -s libkbus.so.1 "$directory/lib/libkbus.so"
    cp artifacts/aot/obj/Kbus.Native/static/libkbus.a "$directory/lib/"
    cp src/Kbus.Native/include/kbus.h src/Kbus.Native/include/limpet.h "$directory/include/"
    cp src/Kbus.Native/include/linux/kbus_defns.h "$directory/include/linux/"
    cp src/Kbus.Native/include/kbus/kbus.h src/Kbus.Native/include/kbus/limpet.h "$directory/include/kbus/"
    sed "s/@VERSION@/$version/" packaging/libkbus/kbus.pc.in >"$directory/lib/pkgconfig/kbus.pc"
    cp packaging/libkbus/KbusConfig.cmake "$directory/lib/cmake/Kbus/"
    sed "s/@VERSION@/$version/" packaging/libkbus/KbusConfigVersion.cmake.in >"$directory/lib/cmake/Kbus/KbusConfigVersion.cmake"
    mkdir -p "$directory/share/kbus"
    cp packaging/libkbus/kbus.supp "$directory/share/kbus/"
    mv artifacts/libkbus.stamp.new artifacts/libkbus.stamp
}

# What a program in Python needs: python3, the package of this checkout, the library, and a daemon to start if none runs.
need_python_package() {
    if [ -z "${KBUS_LIBRARY:-}" ]; then
        need_compiler zlib1g-dev:/usr/include/zlib.h
        compile_library
        export KBUS_LIBRARY=$PWD/artifacts/libkbus/lib/libkbus.so
    fi
    if [ -z "${KBUS_DAEMON:-}" ]; then
        quietly artifacts/log/programs.log dotnet build eng/programs.slnf -c Release -v quiet --nologo || exit 1
        export KBUS_DAEMON=$PWD/artifacts/bin/Kbus.Daemon/release/kbusd
    fi
    need_packages python3:python3
    export PYTHONPATH="$PWD/python${PYTHONPATH:+:$PYTHONPATH}"
}
