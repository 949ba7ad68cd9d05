# Read by Spark's scripts before they start Java. What the caller has set already is kept.

HADOOP_CONF_DIR=${HADOOP_CONF_DIR:-/etc/hadoop/conf}
export HADOOP_CONF_DIR

# Hadoop's jars, behind Spark's own. Printing them starts no Java.
if [ -z "${SPARK_DIST_CLASSPATH-}" ]; then
    SPARK_DIST_CLASSPATH=$("${HADOOP_HOME:-/usr/share/hadoop}/bin/hadoop" classpath)
    export SPARK_DIST_CLASSPATH
fi
