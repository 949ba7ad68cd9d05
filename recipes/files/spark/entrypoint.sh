#!/bin/bash
# What a container of Spark starts with, as Spark on Kubernetes calls it:
#
#   driver ARGUMENT…     spark-submit in client mode
#   executor             an executor of the application that the environment tells of
#   history-server       the History Server, in the foreground
#   COMMAND ARGUMENT…    anything else
#
# It becomes tini, which ends what is left over and passes signals on.
set -euo pipefail

# Hadoop asks for the name of its user, and a number that is in no file has none. Clusters may give any number, with group 0.
if ! getent passwd "$(id -u)" >/dev/null && [ -w /etc/passwd ]; then
    printf '%s:x:%s:%s:%s:%s:/bin/false\n' \
        "spark-$(id -u)" "$(id -u)" "$(id -g)" "${SPARK_USER_NAME:-anonymous uid}" "$SPARK_HOME" >>/etc/passwd
fi

if [ -n "${HADOOP_HOME-}" ] && [ -z "${SPARK_DIST_CLASSPATH-}" ]; then
    SPARK_DIST_CLASSPATH=$("$HADOOP_HOME/bin/hadoop" classpath)
    export SPARK_DIST_CLASSPATH
fi

case ${1-} in
driver)
    shift
    set -- "$SPARK_HOME/bin/spark-submit" \
        ${SPARK_DRIVER_BIND_ADDRESS:+--conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS"} \
        --deploy-mode client "$@"
    ;;
executor)
    # SPARK_JAVA_OPT_0, SPARK_JAVA_OPT_1, …: one option of Java each, in this order.
    options=()
    for ((number = 0; ; number++)); do
        name=SPARK_JAVA_OPT_$number
        [ -n "${!name+set}" ] || break
        options+=("${!name}")
    done
    # The configuration, what the application brings, Spark, and Hadoop last.
    classpath=${SPARK_CONF_DIR:-$SPARK_HOME/conf}
    classpath+=:${HADOOP_CONF_DIR:+$HADOOP_CONF_DIR:}${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}$SPARK_HOME/jars/*
    classpath+=${SPARK_EXTRA_CLASSPATH:+:$SPARK_EXTRA_CLASSPATH}:${SPARK_DIST_CLASSPATH-}
    set -- "$JAVA_HOME/bin/java" "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
        -cp "$classpath" org.apache.spark.executor.CoarseGrainedExecutorBackend \
        --driver-url "$SPARK_DRIVER_URL" \
        --executor-id "$SPARK_EXECUTOR_ID" \
        --cores "$SPARK_EXECUTOR_CORES" \
        --app-id "$SPARK_APPLICATION_ID" \
        --hostname "$SPARK_EXECUTOR_POD_IP" \
        --resourceProfileId "${SPARK_RESOURCE_PROFILE_ID:-0}"
    ;;
history-server)
    shift
    set -- spark-history-server "$@"
    ;;
'')
    echo 'entrypoint: say driver, executor, history-server or a command' >&2
    exit 64
    ;;
esac

# The first process of a container reaps what others leave; any other has to ask for it, which emulators of a processor do not know.
if [ $$ -eq 1 ]; then
    exec /usr/bin/tini -- "$@"
fi
exec /usr/bin/tini -s -- "$@"
