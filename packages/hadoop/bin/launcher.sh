# What hadoop, hdfs, yarn and mapred have in common: settings, the class path, starting Java. Read by them, not run.
# shellcheck shell=sh
#
# Reads the variables that Hadoop documents: JAVA_HOME, HADOOP_CONF_DIR, HADOOP_CLASSPATH, HADOOP_USER_CLASSPATH_FIRST,
# HADOOP_OPTIONAL_TOOLS, HADOOP_HEAPSIZE, HADOOP_OPTS, HADOOP_CLIENT_OPTS, HADOOP_ROOT_LOGGER, HADOOP_SECURITY_LOGGER, HADOOP_LOG_DIR,
# HADOOP_LOGFILE, HADOOP_IDENT_STRING, HADOOP_POLICYFILE, JAVA_LIBRARY_PATH; and hadoop-env.sh in the configuration's folder.

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# Sets what is not set. To be called after options were read.
settings() {
    HADOOP_CONF_DIR=${HADOOP_CONF_DIR:-$HADOOP_HOME/etc/hadoop}
    if [ -r "$HADOOP_CONF_DIR/hadoop-env.sh" ]; then
        . "$HADOOP_CONF_DIR/hadoop-env.sh"
    fi
    HADOOP_PREFIX=$HADOOP_HOME
    HADOOP_COMMON_HOME=$HADOOP_HOME
    HADOOP_HDFS_HOME=$HADOOP_HOME
    HADOOP_YARN_HOME=$HADOOP_HOME
    HADOOP_MAPRED_HOME=$HADOOP_HOME
    export HADOOP_HOME HADOOP_PREFIX HADOOP_CONF_DIR HADOOP_COMMON_HOME HADOOP_HDFS_HOME HADOOP_YARN_HOME HADOOP_MAPRED_HOME
}

# The class path, in CLASSPATH. In this order: the configuration, then as upstream common, hdfs, yarn and mapreduce, then the optional
# tools, then the user's own (first, where HADOOP_USER_CLASSPATH_FIRST is set). Words with * are for Java to expand.
classpath() {
    share=$HADOOP_HOME/share/hadoop
    CLASSPATH=$HADOOP_CONF_DIR
    CLASSPATH=$CLASSPATH:$share/common/lib/*:$share/common/*
    CLASSPATH=$CLASSPATH:$share/hdfs:$share/hdfs/lib/*:$share/hdfs/*
    CLASSPATH=$CLASSPATH:$share/yarn:$share/yarn/lib/*:$share/yarn/*
    CLASSPATH=$CLASSPATH:$share/mapreduce/lib/*:$share/mapreduce/*
    # hadoop-aws is S3A with its SDK. Not all of tools/lib: an empty value leaves S3A out.
    case ",${HADOOP_OPTIONAL_TOOLS-hadoop-aws}," in
        *,hadoop-aws,*)
            for jar in "$share"/tools/lib/hadoop-aws-*.jar "$share"/tools/lib/aws-java-sdk-bundle-*.jar; do
                CLASSPATH=$CLASSPATH:$jar
            done
            ;;
    esac
    if [ -n "${HADOOP_CLASSPATH-}" ]; then
        if [ -n "${HADOOP_USER_CLASSPATH_FIRST-}" ]; then
            CLASSPATH=$HADOOP_CLASSPATH:$CLASSPATH
        else
            CLASSPATH=$CLASSPATH:$HADOOP_CLASSPATH
        fi
    fi
}

# Adds all of tools/lib: for distcp, archives and streaming.
with_tools() {
    HADOOP_CLASSPATH=${HADOOP_CLASSPATH:+$HADOOP_CLASSPATH:}$HADOOP_HOME/share/hadoop/tools/lib/*
}

# Java's program, in JAVA: that of JAVA_HOME, else the one on the path, else a Java 11 or 8 where Debian and Corretto keep theirs.
find_java() {
    if [ -n "${JAVA_HOME-}" ]; then
        JAVA=$JAVA_HOME/bin/java
        [ -x "$JAVA" ] || fail "JAVA_HOME is $JAVA_HOME, and there is no program bin/java in it"
        return
    fi
    JAVA=$(command -v java) && return
    for JAVA in /usr/lib/jvm/java-11-*/bin/java /usr/lib/jvm/java-8-*/bin/java /usr/lib/jvm/java-1.8.0-*/bin/java \
        /usr/lib/jvm/default-java/bin/java; do
        [ ! -x "$JAVA" ] || return 0
    done
    fail "there is no Java: set JAVA_HOME"
}

# Becomes Java with class $1 and the arguments after it.
run() {
    class=$1
    shift
    find_java
    classpath
    export CLASSPATH
    HADOOP_OPTS="${HADOOP_OPTS-} -Dhadoop.log.dir=${HADOOP_LOG_DIR:-/var/log/hadoop}"
    HADOOP_OPTS="$HADOOP_OPTS -Dhadoop.log.file=${HADOOP_LOGFILE:-hadoop.log}"
    HADOOP_OPTS="$HADOOP_OPTS -Dhadoop.home.dir=$HADOOP_HOME"
    HADOOP_OPTS="$HADOOP_OPTS -Dhadoop.id.str=${HADOOP_IDENT_STRING:-${USER-}}"
    HADOOP_OPTS="$HADOOP_OPTS -Dhadoop.root.logger=${HADOOP_ROOT_LOGGER:-INFO,console}"
    HADOOP_OPTS="$HADOOP_OPTS -Dhadoop.security.logger=${HADOOP_SECURITY_LOGGER:-INFO,NullAppender}"
    HADOOP_OPTS="$HADOOP_OPTS -Dhadoop.policy.file=${HADOOP_POLICYFILE:-hadoop-policy.xml}"
    HADOOP_OPTS="$HADOOP_OPTS -Djava.net.preferIPv4Stack=true"
    if [ -n "${JAVA_LIBRARY_PATH-}" ]; then
        HADOOP_OPTS="$HADOOP_OPTS -Djava.library.path=$JAVA_LIBRARY_PATH"
    fi
    # Words of the options are parted by blanks, as upstream does; nothing in them is a pattern.
    set -f
    # shellcheck disable=SC2086
    exec "$JAVA" "-Xmx${HADOOP_HEAPSIZE:-1000}m" $HADOOP_OPTS ${CLIENT_OPTS-} "$class" "$@"
}

# Prints the class path; starts no Java unless more is asked for than printing it.
print_classpath() {
    if [ $# -gt 0 ]; then
        run org.apache.hadoop.util.Classpath "$@"
    fi
    classpath
    printf '%s\n' "$CLASSPATH"
    exit 0
}

# Reads --config DIR and --loglevel LEVEL before the command; SHIFT says how many words that were.
options() {
    SHIFT=0
    while [ $# -gt 0 ]; do
        case $1 in
            --config)
                [ -d "${2-}" ] || fail "--config: there is no folder ${2-}"
                HADOOP_CONF_DIR=$2
                ;;
            --loglevel)
                [ -n "${2-}" ] || fail "--loglevel: name a level"
                HADOOP_ROOT_LOGGER=$2,console
                ;;
            *) break ;;
        esac
        shift 2
        SHIFT=$((SHIFT + 2))
    done
}
