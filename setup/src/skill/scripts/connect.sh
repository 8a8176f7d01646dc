#!/bin/sh
# Runs bin/connect and prints the words of the script that once stood here.
exec env CLAWDTALK_OUTPUT=text "$(dirname -- "$(readlink -f -- "$0")")/../bin/connect" "$@"
