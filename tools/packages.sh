# Sourced by demo.sh and check.sh: need_packages PACKAGE... installs the Debian packages that are missing.

missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s\n' "$package"
    done
}

need_packages() {
    local missing as_root=()
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        echo "This script installs its packages with apt-get, which is not here; it needs Debian 12 or a relative." >&2
        exit 2
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "These packages are missing, and there is no sudo. As root, run:" >&2
            echo "    apt-get install --no-install-recommends" $missing >&2
            exit 2
        fi
        as_root=(sudo)
    fi
    echo "Installing:" $missing
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)
    # The lists may be recent enough; a fresh machine has none.
    "${apt[@]}" install -y --no-install-recommends $missing >/dev/null 2>&1 && return 0
    if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends $missing; } >/dev/null; then
        echo "apt-get could not install:" $missing >&2
        exit 2
    fi
}
