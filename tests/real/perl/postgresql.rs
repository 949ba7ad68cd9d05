//! postgresql-common's programs, where there is no database.

use super::*;
use crate::support::inside::room;

fn twin(release: &'static str) -> Twin {
    let package = unpacked(release, "postgresql-common");
    let client = unpacked(release, "postgresql-client-common");
    let mut twin = room(&["iconv", "mkdir"]);
    ship(&mut twin, &client, "usr/share/perl5/PgCommon.pm");
    let programs = ["usr/bin/pg_conftool", "usr/sbin/pg_updatedicts", "usr/share/postgresql-common/pg_checksystem"];
    for path in programs {
        let name = path.rsplit('/').next().unwrap();
        twin.file(&format!("opt/{name}"), 0o755, fs::read(package.join(path)).unwrap());
    }
    // It moved from the one package to the other.
    let lists = [&package, &client].map(|package| package.join("usr/bin/pg_lsclusters"));
    let list = lists.iter().find(|path| path.exists()).unwrap();
    twin.file("opt/pg_lsclusters", 0o755, fs::read(list).unwrap());
    twin
}

const CONFIGURATION: &str = "\
# here
create_main_cluster = off # so
Ssl=on
start_conf 'auto'
data_directory = '/var/lib/it''s/%v/%c'
escaped = 'a\\'b'
number = -1.5
odd = maybe
include 'more.conf' # here
include_dir = 'none.d'
";

#[test]
fn programs_say_and_do_the_same() {
    if !can_run_inside() {
        return;
    }
    for release in RELEASES {
        let mut twin = twin(release);
        twin.file("etc/createcluster.conf", 0o644, CONFIGURATION);
        twin.file("etc/wrong.conf", 0o644, "a = b\n= c\n");
        twin.file("etc/more.conf", 0o644, "more = 1\nSsl = off\n");
        twin.dir("etc/postgresql");
        twin.file("usr/share/hunspell/en_US.aff", 0o644, "# affixes\nSET ISO8859-1\nTRY \u{fffd}\n");
        twin.file("usr/share/hunspell/en_US.dic", 0o644, b"1\ncaf\xe9\n");
        twin.file("usr/share/hunspell/none.aff", 0o644, "SET UTF-8\n");
        if release != "bullseye" {
            // There the program says "ecoding".
            twin.file("usr/share/hunspell/plain.aff", 0o644, "TRY a\n");
            twin.file("usr/share/hunspell/plain.dic", 0o644, "0\n");
        }
        twin.link("usr/share/hunspell/link.aff", "en_US.aff");
        twin.file("var/cache/postgresql/dicts/old.dict", 0o644, "");
        let mut findings = Findings::default();
        for call in [
            "/opt/pg_checksystem",
            "/opt/pg_lsclusters",
            "/opt/pg_lsclusters -h",
            "/opt/pg_conftool /etc/createcluster.conf show -bs create_main_cluster",
            "/opt/pg_conftool /etc/createcluster.conf show create_main_cluster",
            "/opt/pg_conftool -b /etc/createcluster.conf show ssl",
            "/opt/pg_conftool -b /etc/createcluster.conf show odd",
            "/opt/pg_conftool -s /etc/createcluster.conf get data_directory",
            "/opt/pg_conftool /etc/createcluster.conf show data_directory",
            "/opt/pg_conftool /etc/createcluster.conf show nothing",
            "/opt/pg_conftool -v /etc/createcluster.conf show nothing",
            "/opt/pg_conftool /etc/createcluster.conf show all",
            "/opt/pg_updatedicts",
            "/opt/pg_updatedicts",
        ] {
            let words: Vec<&str> = call.split(' ').collect();
            compare(&mut twin, &mut findings, &words, &[], &[]);
        }
    }
}
