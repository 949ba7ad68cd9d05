//! Jobs of one driver: Python's and SQL's, over objects, with the History Server reading what they wrote.

use std::fs;

use super::{Objects, Spark};
use crate::runtime::enable_arm64_programs;

/// What every driver here is told: few threads, no page, events written.
const PROPERTIES: &str = "spark.master local[2]\nspark.driver.host 127.0.0.1\nspark.ui.enabled false\nspark.sql.shuffle.partitions 2\nspark.eventLog.enabled true\n";

/// Parquet and ORC over S3A, pandas functions through Arrow, a table of Hive's in its embedded database.
const JOB: &str = r#"
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf, sum as total
import pandas as pd

spark = SparkSession.builder.enableHiveSupport().getOrCreate()
spark.sparkContext.setLogLevel("WARN")
numbers = spark.range(1000)
for codec in ("snappy", "zstd", "gzip"):
    folder = "s3a://jobs/parquet-" + codec
    numbers.write.option("compression", codec).parquet(folder)
    print("parquet", codec, spark.read.parquet(folder).agg(total("id")).first()[0])
numbers.write.orc("s3a://jobs/orc")
print("orc", spark.read.orc("s3a://jobs/orc").agg(total("id")).first()[0])

@pandas_udf("long")
def twice(values: pd.Series) -> pd.Series:
    return values * 2

print("pandas", numbers.select(twice("id").alias("id")).agg(total("id")).first()[0])
spark.sql("create table kept (id bigint) stored as parquet")
numbers.createOrReplaceTempView("numbers")
spark.sql("insert into kept select id from numbers")
print("hive", spark.sql("select sum(id) from kept").first()[0])
"#;

/// The distribution's example and a Parquet file, in one Java: emulation takes minutes to start another.
const SHORT_JOB: &str = r#"
import runpy, sys
sys.argv = ["pi.py", "2"]
runpy.run_path("/opt/spark/examples/src/main/python/pi.py", run_name="__main__")
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(1000).write.parquet("/tmp/numbers")
print("parquet", spark.read.parquet("/tmp/numbers").groupBy().sum("id").first()[0])
"#;

/// A SQL job, as `spark-sql` is: its class in the driver's role.
const SQL: [&str; 4] = ["--class", "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver", "spark-internal", "-e"];

#[test]
fn jobs_run_on_amd64() {
    let spark = Spark::new("amd64", "amd64");
    let objects = Objects::start(&spark.shared);
    let properties = format!("{PROPERTIES}spark.eventLog.dir s3a://logs/events\n{}", objects.properties());

    // As the image's own user, and as a number that a cluster has made up.
    let pi = spark.container("pi", 185, &properties);
    let said = spark.driver(pi, &["local:///opt/spark/examples/src/main/python/pi.py", "2"]);
    assert!(said.contains("Pi is roughly 3."), "{said}");

    fs::write(spark.shared.join("job.py"), JOB).unwrap();
    let said = spark.driver(spark.container("job", 1_000_770_000, &properties), &["local:///mnt/job.py"]);
    for line in [
        "parquet snappy 499500",
        "parquet zstd 499500",
        "parquet gzip 499500",
        "orc 499500",
        "pandas 999000",
        "hive 499500",
    ] {
        assert!(said.lines().any(|said| said == line), "no {line:?} in {said}");
    }

    let query =
        "create table s using parquet location 's3a://jobs/sql' as select id from range(10); select sum(id) + 1 from s";
    let said = spark.driver(spark.container("sql", 185, &properties), &[&SQL[..], &[query]].concat());
    assert!(said.lines().any(|line| line == "46"), "{said}");

    let (known, jobs) = spark.history("s3a://logs/events", &objects.options(), 120);
    let names: Vec<&str> = known.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"PythonPi") && names.contains(&"job.py") && names.len() == 3, "{known}");
    let completed = |one: &serde_json::Value| one["attempts"][0]["completed"] == true;
    assert!(known.as_array().unwrap().iter().all(completed), "{known}");
    assert!(jobs.contains("Completed Jobs"), "{jobs}");
    println!("amd64: Pi, Parquet, ORC, pandas, Hive and SQL ran over S3A, and the History Server showed them");
}

#[test]
fn jobs_run_on_arm64() {
    enable_arm64_programs();
    let spark = Spark::new("arm64", "arm64");
    // Java's second compiler costs more than it gains where each instruction is translated.
    let properties = format!(
        "{PROPERTIES}spark.eventLog.dir file:/var/log/spark/events\nspark.driver.extraJavaOptions -XX:TieredStopAtLevel=1\n"
    );
    fs::write(spark.shared.join("job.py"), SHORT_JOB).unwrap();
    let said = spark.driver(spark.container("job", 185, &properties), &["local:///mnt/job.py"]);
    assert!(said.contains("Pi is roughly 3.") && said.lines().any(|line| line == "parquet 499500"), "{said}");
    let (known, jobs) = spark.history("file:/var/log/spark/events", "-XX:TieredStopAtLevel=1", 600);
    assert!(known.to_string().contains("PythonPi") && jobs.contains("Jobs"), "{known} {jobs}");
    println!("arm64: Pi and Parquet ran, and the History Server showed them out of LevelDB");
}
