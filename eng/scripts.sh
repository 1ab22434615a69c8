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
up_to_date() {
    [ -e "$1" ] && [ -z "$(find src eng/*.props Directory.Build.props Directory.Build.targets Directory.Packages.props global.json \
        -newer "$1" -print -quit 2>/dev/null)" ]
}
