//! A job over two containers that have networks of their own. The second has the entrypoint's role `executor`, with the variables that
//! Spark on Kubernetes gives it. Kubernetes itself is not there: the driver's backend is the standalone one, whose master
//! has no workers, so that the only executor is ours.

use crate::support::run::{run, succeed, tool};

use super::Spark;

const DRIVER: &str = "10.77.0.1";
const EXECUTOR: &str = "10.77.0.2";

/// Two network namespaces with a cable between them; taken away when dropped.
struct Networks;

impl Networks {
    fn new() -> Self {
        let networks = Self;
        networks.remove();
        let ip = |line: &str| succeed(&mut tool("ip", line.split(' ')));
        ip("link add mokapot-d type veth peer name mokapot-e");
        for (name, cable, address) in
            [("mokapot-driver", "mokapot-d", DRIVER), ("mokapot-executor", "mokapot-e", EXECUTOR)]
        {
            ip(&format!("netns add {name}"));
            ip(&format!("link set {cable} netns {name}"));
            ip(&format!("-n {name} address add {address}/24 dev {cable}"));
            ip(&format!("-n {name} link set {cable} up"));
            ip(&format!("-n {name} link set lo up"));
        }
        networks
    }

    fn remove(&self) {
        for line in ["netns del mokapot-driver", "netns del mokapot-executor", "link del mokapot-d"] {
            let _ = run(&mut tool("ip", line.split(' ')));
        }
    }

    /// Whether something listens on a port of the driver's network.
    fn listens(port: u16) -> bool {
        let arguments = ["netns", "exec", "mokapot-driver", "ss", "--listening", "--tcp", "--numeric", "--no-header"];
        let sockets = succeed(&mut tool("ip", arguments));
        sockets.contains(&format!(":{port} "))
    }
}

impl Drop for Networks {
    fn drop(&mut self) {
        self.remove();
    }
}

#[test]
fn a_driver_and_an_executor_meet() {
    let spark = Spark::new("cluster", "amd64");
    let _networks = Networks::new();
    let addresses = format!("{DRIVER} driver\n{EXECUTOR} executor");
    let log = |name: &str| spark.shared.join(format!("{name}.log"));

    let master = spark.bundle.container("master").user(185, 0).host("driver", &addresses).network("mokapot-driver");
    let class = ["spark-class", "org.apache.spark.deploy.master.Master", "--host", DRIVER, "--port", "7077"];
    let mut master = master.spawn(&[&class[..], &["--webui-port", "8081"]].concat(), &log("master"));
    master.wait(120, || Networks::listens(7077));

    let properties = format!(
        "spark.master spark://{DRIVER}:7077\nspark.driver.host {DRIVER}\nspark.driver.port 7078\nspark.driver.blockManager.port 7079\n\
         spark.ui.enabled false\nspark.executor.memory 512m\n"
    );
    let driver = spark.container("driver", 185, &properties).host("driver", &addresses).network("mokapot-driver");
    let driver = driver.env("SPARK_DRIVER_BIND_ADDRESS", DRIVER);
    let properties = ["driver", "--properties-file", "/opt/spark/conf/spark.properties"];
    let job = ["local:///opt/spark/examples/src/main/python/pi.py", "4"];
    let mut driver = driver.spawn(&[&properties[..], &job].concat(), &log("driver"));
    driver.wait(120, || Networks::listens(7078));

    let executor = spark.bundle.container("executor").user(1_000_770_000, 0).host("executor", &addresses);
    let executor = executor.network("mokapot-executor");
    let variables = [
        ("SPARK_DRIVER_URL", format!("spark://CoarseGrainedScheduler@{DRIVER}:7078")),
        ("SPARK_EXECUTOR_ID", "1".into()),
        ("SPARK_EXECUTOR_CORES", "1".into()),
        ("SPARK_EXECUTOR_MEMORY", "512m".into()),
        ("SPARK_APPLICATION_ID", "spark-by-hand".into()),
        ("SPARK_EXECUTOR_POD_IP", EXECUTOR.into()),
        ("SPARK_RESOURCE_PROFILE_ID", "0".into()),
        ("SPARK_JAVA_OPT_0", "-Dspark.driver.port=7078".into()),
        ("SPARK_JAVA_OPT_1", "-Dmokapot.test=two words".into()),
    ];
    let executor = variables.iter().fold(executor, |executor, (name, value)| executor.env(name, value));
    let mut executor = executor.spawn(&["executor"], &log("executor"));

    let said = || std::fs::read_to_string(log("driver")).unwrap_or_default();
    driver.wait(180, || said().contains("Pi is roughly 3."));
    assert!(
        said().contains(&format!("Registered executor NettyRpcEndpointRef(spark-client://Executor) ({EXECUTOR}:")),
        "{}",
        said()
    );
    executor.wait_for_end(60);
    println!("a driver and an executor with addresses of their own computed Pi (standalone backend, role `executor`)");
}
