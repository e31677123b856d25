# Shared by the scripts beside it, which source it first. Everything that is built or fetched lives in one cache
# outside the checkout, so that a clean checkout starts warm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export HOME="${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}"
export KEZHAN_CACHE="${KEZHAN_CACHE:-$HOME/.cache/kezhan}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$KEZHAN_CACHE/target}"
[[ -d "$HOME/.cargo/bin" ]] && export PATH="$PATH:$HOME/.cargo/bin"
mkdir -p "$KEZHAN_CACHE/bin"
export PATH="$KEZHAN_CACHE/bin:$PATH"

if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Announces a section with the seconds since the script began.
section() { printf '\n%s[%4d s] %s%s\n' "$bold" "$SECONDS" "$*" "$plain"; }
