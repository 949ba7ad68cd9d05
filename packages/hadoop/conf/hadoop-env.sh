# Read by hadoop, hdfs, yarn and mapred before they start Java. What the caller has set already is kept.

# The Java to use, where the one on the path is not meant.
# export JAVA_HOME=/usr/lib/jvm/java-11-openjdk-amd64

# What is put on the class path besides Hadoop itself.
# export HADOOP_CLASSPATH=${HADOOP_CLASSPATH:+$HADOOP_CLASSPATH:}/usr/local/share/java/*

# Tools on the class path, parted by commas: hadoop-aws is S3A. Empty for none.
# export HADOOP_OPTIONAL_TOOLS=hadoop-aws

# The most heap, in MiB.
# export HADOOP_HEAPSIZE=1000
