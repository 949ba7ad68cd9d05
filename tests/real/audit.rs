//! What an audit finds in images of real jars. That the shipped Spark images are sound, `spark` checks where it builds them.

use std::fs;
use std::process::Command;

use crate::support::run::{both, mokapot, run, scratch, succeed};

/// Jars of Spark 3.2.4's own distribution: three that have native code for x86 alone, and one that has it for both. And, in another folder, the
/// build of leveldbjni that has it for both, with the jline that kept it from loading.
const RECIPE: &str = r#"name = "official"
[packages]
variant = "none"
[[jar]]
maven = "org.fusesource.leveldbjni:leveldbjni-all:1.8"
into = "/opt/spark/jars"
[[jar]]
maven = "jline:jline:2.14.6"
into = "/opt/spark/jars"
[[jar]]
maven = "org.scala-lang:scala-compiler:2.12.15"
into = "/opt/spark/jars"
[[jar]]
maven = "org.xerial.snappy:snappy-java:1.1.8.4"
into = "/opt/spark/jars"
[[jar]]
maven = "org.openlabtesting.leveldbjni:leveldbjni-all:1.8"
into = "/opt/mended"
[[jar]]
maven = "jline:jline:2.14.6"
into = "/opt/mended"
"#;

#[test]
fn the_distribution_s_own_jars_do_not_work_on_arm64() {
    let folder = scratch("audit-official");
    fs::create_dir(folder.join("recipes")).unwrap();
    fs::write(folder.join("recipes/official.toml"), RECIPE).unwrap();
    let command = |arguments: &[&str]| -> Command {
        let mut command = mokapot();
        command.args(arguments).arg("--project").arg(&folder).arg("--store").arg(folder.join("store"));
        command
    };
    let image = format!("oci:{}", folder.join("oci").display());
    succeed(&mut command(&["build", "official", "--output", &image]));
    let image = format!("{image}:official");
    let said = succeed(&mut command(&["audit", &image, "--arch", "amd64"]));
    assert!(said.ends_with("linux/amd64: no errors, 1 warning\n"), "{said}");
    // They have different builds of hawtjni, and the folder's order decided which one Java took.
    assert!(said.contains("jline-2.14.6.jar and leveldbjni-all-1.8.jar have"), "{said}");

    let output = run(&mut command(&["audit", &image, "--arch", "arm64"]));
    assert_eq!(output.status.code(), Some(1), "{}", both(&output));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for jar in ["leveldbjni-all-1.8.jar", "jline-2.14.6.jar", "scala-compiler-2.12.15.jar"] {
        let named =
            |line: &str| line.starts_with("AUD-NATIVE") && line.contains(jar) && line.contains("none for arm64");
        assert!(said.lines().any(named), "{jar}: {said}");
    }
    assert!(!said.lines().any(|line| line.starts_with("AUD-NATIVE") && line.contains("snappy")), "{said}");
    println!("audit names the jars of the distribution that lack code for arm64");
}
