# For the scripts that use Node.js: `. dev/npm/common.sh`.

# The oldest Node.js that clients/typescript and the programs of dev/npm run on.
NODE=20.3
# How long a script waits for another one.
LOCK_SECONDS=${LOCK_SECONDS:-600}

# Ends the script if there is no Node.js, or an older one.
need_node() {
    found=$(node --version 2>/dev/null) || found=none
    major=${found#v} && major=${major%%.*}
    minor=${found#v*.} && minor=${minor%%.*}
    case "$found" in
    v*) [ "$major" -gt "${NODE%.*}" ] || { [ "$major" -eq "${NODE%.*}" ] && [ "$minor" -ge "${NODE#*.}" ]; } && return ;;
    esac
    echo "This needs Node.js $NODE or newer; found: $found." >&2
    exit 1
}

# Takes the lock of a file until the script ends: two at once would take each other's files away. Without flock
# (macOS) nobody waits.
take_lock() {
    exec 9>"$1"
    if ! command -v flock >/dev/null || flock --nonblock 9; then return; fi
    echo "waiting for another one that holds $1" >&2
    flock --timeout "$LOCK_SECONDS" 9 && return
    echo "Another one still holds $1 after $LOCK_SECONDS s. Is it stuck? LOCK_SECONDS sets how long to wait." >&2
    exit 1
}
