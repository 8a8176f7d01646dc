#!/bin/sh
# Runs bin/uninstall and prints words instead of JSON.
exec env CLAWDTALK_OUTPUT=text "$(dirname -- "$(readlink -f -- "$0")")/bin/uninstall" "$@"
