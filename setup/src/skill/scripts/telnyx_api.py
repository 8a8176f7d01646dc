#!/bin/sh
''':' # Runs bin/missions and prints the words of the script that once stood here. sh reads up to exec, python3 all of it.
exec env CLAWDTALK_OUTPUT=text "$(dirname -- "$(readlink -f -- "$0")")/../bin/missions" "$@"
'''
import os, sys
os.environ["CLAWDTALK_OUTPUT"] = "text"
missions = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "bin", "missions")
os.execv(missions, [missions] + sys.argv[1:])
