//! `update-xmlcatalog` and `update-catalog`.

use super::*;
use crate::support::inside::room;

#[test]
fn xml_catalogs_are_those_of_the_program() {
    if !can_run_inside() {
        return;
    }
    // The program is the same in all of them.
    for release in ["trixie"] {
        let package = unpacked(release, "xml-core");
        let mut twin = room(&[]);
        for path in ["usr/sbin/update-xmlcatalog", "usr/share/xml-core", "usr/share/xml"] {
            ship(&mut twin, &package, path);
        }
        for folder in ["etc/xml", "var/lib/xml-core"] {
            twin.dir(folder);
        }
        let local = "/usr/share/xml/schema/xml-core/catalog.xml";
        let calls: [&[&str]; 17] = [
            &["--add", "--type", "system", "--id", "http://x/1.dtd", "--package", "one", "--local", local],
            &["--add", "--type", "public", "--id", "-//X//DTD 1//EN", "--package", "one", "--local", local],
            &["--add", "--type", "public", "--id", "-//X//DTD 1//EN", "--package", "one", "--local", local],
            &["--add", "--type=uri", "--id", "http://x/", "--package", "one", "--local", local],
            &["--add", "--type", "system", "--id", "http://x/1.dtd", "--package", "one", "--root"],
            &["--add", "--type", "uri", "--id", "http://x/", "--package", "one", "--root"],
            &["--add", "--type", "uri", "--id", "http://x/", "--package", "two", "--root"],
            &["--add", "--type", "public", "--id", "-//Y//EN", "--local", "/etc/xml/mine.xml", "--file", local],
            &["--add", "--type", "uri", "--id", "http://y/", "--local", "/etc/xml/mine.xml", "--file", local],
            &["--add", "--type", "uri", "--id", "http://y/", "--local", "/etc/xml/mine.xml", "--file", "/nowhere"],
            &["--add", "--type", "uri", "--id", "http://x/1.dtd", "--package", "one", "--local", "/nowhere"],
            &["--add", "--type", "other", "--id", "x", "--package", "one", "--root"],
            &["--add", "--id", "x", "--package", "one", "--root"],
            &["--del", "--type", "uri", "--id", "http://x/", "--root"],
            &["--del", "--type", "uri", "--id", "http://x/", "--root"],
            &["--del", "--type", "system", "--id", "http://x/1.dtd", "--root"],
            &["--del", "--type", "system", "--id", "http://x/1.dtd", "--package", "one"],
        ];
        let mut findings = Findings::default();
        for call in calls {
            compare(&mut twin, &mut findings, &[&["/usr/sbin/update-xmlcatalog", "--sort"], call].concat(), &[], &[]);
        }
    }
}

#[test]
fn sgml_catalogs_are_those_of_the_program() {
    if !can_run_inside() {
        return;
    }
    // bookworm's program is trixie's.
    for release in ["bullseye", "trixie"] {
        let package = unpacked(release, "sgml-base");
        let mut twin = room(&["dpkg-trigger"]);
        for path in ["usr/sbin/update-catalog", "usr/share/sgml-base"] {
            ship(&mut twin, &package, path);
        }
        for folder in ["etc/sgml", "var/lib/sgml-base"] {
            twin.dir(folder);
        }
        let program = "/usr/sbin/update-catalog";
        let mut findings = Findings::default();
        let mut call = |twin: &mut Twin, words: &str| {
            let words: Vec<&str> = std::iter::once(program).chain(words.split(' ')).collect();
            // The super catalog's order is the folder's in bullseye: there is one entry at most here.
            compare(twin, &mut findings, &words, &[], &[]);
        };
        call(&mut twin, "--quiet --update-super");
        call(&mut twin, "--update-super");
        call(&mut twin, "--add /etc/sgml/one.cat /usr/share/sgml/one/catalog");
        call(&mut twin, "--quiet --add /etc/sgml/one.cat /usr/share/sgml/two/catalog");
        call(&mut twin, "--update-super");
        twin.file("usr/share/sgml/one/catalog", 0o644, "-- nothing --\n");
        twin.file("usr/share/sgml/two/catalog", 0o644, "");
        call(&mut twin, "--update-super");
        twin.file(
            "etc/sgml/one.cat",
            0o644,
            "-- a\ncatalog here -- BASE '/usr/share/sgml/one' -- and -- Catalog catalog\n",
        );
        twin.file("etc/sgml/.hidden.cat", 0o644, "");
        call(&mut twin, "--update-super");
        call(&mut twin, "--quiet --update-super");
        call(&mut twin, "--add /etc/sgml/one.cat /usr/share/sgml/two/catalog");
        call(&mut twin, "--remove /etc/sgml/one.cat /usr/share/sgml/one");
        call(&mut twin, "--remove /etc/sgml/one.cat two");
        call(&mut twin, "--add --remove x y");
    }
}
