#!/bin/sh
# Makes .venv fit for use: with a Python the site is tested on, and with what pyproject.toml and constraints.txt ask for.
# Says one line when there is something to do, nothing when there is not. PYTHON=... names the Python to use.
set -u
cd "$(dirname "$0")/.." || exit 1
venv=${VENV:-.venv}
stamp=$venv/recnotes-installed

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

python=
seen=
incomplete=
choose() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        version=$(version_of "$candidate")
        [ -n "$version" ] || continue
        if ! supported "$candidate"; then
            case " $seen " in *" $version "*) ;; *) seen="${seen:+$seen }$version" ;; esac
        elif "$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then
            python=$candidate
            return
        else
            incomplete=${incomplete:-$version}
        fi
    done
    if [ -n "$incomplete" ]; then
        fail "Python $incomplete has no venv module here: run 'sudo apt-get install python$incomplete-venv' (Debian, Ubuntu), then make again."
    fi
    found=${seen:+"found only Python $seen"}
    [ -n "$seen" ] || [ -z "${PYTHON:-}" ] || broken="PYTHON=$PYTHON does not run; "
    fail "RecNotes needs Python 3.11, 3.12 or 3.13 (${found:-found no Python}): ${broken:-}install one, or name it with PYTHON=/path/to/python3.12."
}

wanted=$({ cat pyproject.toml constraints.txt; pwd; } | cksum)
if [ -e "$venv" ] && ! supported "$venv/bin/python"; then
    say "The Python of $venv is gone or not 3.11 to 3.13: making $venv anew."
    rm -rf "$venv"
fi
if [ -f "$stamp" ]; then
    [ "$(cat "$stamp")" = "$wanted" ] && exit 0
    say "$venv no longer matches pyproject.toml and constraints.txt: refreshing it."
elif [ -x "$venv/bin/python" ]; then
    say "$venv was not finished: installing what is missing."
else
    choose
    say "Creating $venv with Python $version and installing TensorFlow and the site's tools: this takes some minutes, once."
    "$python" -m venv "$venv" || fail "Creating $venv with $python failed."
fi
"$venv/bin/python" -m pip install -qq --disable-pip-version-check -e '.[docs,tests]' -c constraints.txt ||
    fail "Installing into $venv failed (see above): mend that and run make again."
printf '%s\n' "$wanted" >"$stamp"
