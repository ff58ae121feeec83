#!/bin/sh
# Makes the environment in $VENV from requirements.txt, or leaves it alone if it is up to date.
# A change of requirements.txt, pyproject.toml or of the directory itself makes it anew.
set -eu

venv=${VENV:-.venv}
log=$venv/install.log

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}

# is_at_least COMMAND VERSION: does the command run a Python of at least this version?
is_at_least() {
    "$1" -c "import sys; sys.exit(sys.version_info < ($2,))" >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_at_least "$PYTHON" "3, 11" || stop "PYTHON=$PYTHON does not run, or is older than 3.11:" \
            "name Python 3.11 or newer, for example: make book PYTHON=python3.12"
        printf '%s\n' "$PYTHON"
        return
    fi
    # First the versions that the book is tested with, then any newer one.
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        if is_at_least "$candidate" "3, 11" && ! is_at_least "$candidate" "3, 14"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    for candidate in python3 python3.14 python; do
        if is_at_least "$candidate" "3, 14"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    stop "No Python 3.11 or newer was found: install one from python.org or your system's packages," \
        "or name it, for example: make book PYTHON=/path/to/python3.12"
}

place=$(cd "$(dirname "$venv")" && pwd -P)/$(basename "$venv")
wanted=$({ pwd -P; cat requirements.txt pyproject.toml; } | cksum)
if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/installed" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

# An environment that was moved, or whose Python is gone, is replaced; another is brought up to date.
if ! "$venv/bin/python" -c "import pip" 2>/dev/null || ! grep -qF "$place" "$venv/pyvenv.cfg"; then
    python=$(find_python)
    "$python" -m venv --clear "$venv" >/dev/null 2>&1 || stop "$("$python" --version) could not make" \
        "an environment in $venv: on Debian and Ubuntu run: sudo apt-get install python3-venv"
fi

printf '%s\n' "Installing the packages of requirements.txt into $venv (once; a few minutes)." \
    "To follow it: tail -f $log"
rm -f "$venv/installed"
if ! "$venv/bin/python" -m pip install --retries 2 -r requirements.txt >"$log" 2>&1 ||
    ! "$venv/bin/python" -m pip install --no-deps --no-build-isolation -e . >>"$log" 2>&1; then
    if grep -qE 'connection broken|Max retries exceeded|Could not fetch URL' "$log"; then
        stop "The packages could not be downloaded: connect to the internet and run make again" \
            "(what pip said is in $log)."
    fi
    tail -n 15 "$log" >&2
    stop "The packages could not be installed; all that pip said is in $log."
fi
printf '%s\n' "$wanted" >"$venv/installed"
