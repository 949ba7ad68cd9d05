#!/bin/bash
# Called by Kubernetes before it ends an executor's container (spark.decommission.enabled): the executor is told to give away what it
# holds, and has a minute to do so.
set -euo pipefail

executor=$(ps -e -o pid= -o args= | awk '/[C]oarseGrainedExecutorBackend/ && $2 ~ /java$/ { print $1; exit }')
if [ -z "$executor" ]; then
    echo 'decom: there is no executor here' >&2
    exit 1
fi
echo "decom: telling executor $executor to leave"
kill -s PWR "$executor"
timeout 60 tail --pid="$executor" -f /dev/null || echo 'decom: it is still there after a minute' >&2
