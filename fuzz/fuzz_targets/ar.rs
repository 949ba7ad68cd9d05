//! The outer archive of a package: no input makes it panic, loop or read past a member.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use mokapot::formats::deb::ar::Archive;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut archive) = Archive::open(bytes) else { return };
    while let Ok(Ok(mut member)) = archive.next_member() {
        let size = member.size();
        let read = std::io::copy(&mut member.by_ref(), &mut std::io::sink());
        assert!(read.is_err() || read.is_ok_and(|read| read == size));
        match member.close() {
            Ok(rest) => archive = rest,
            Err(_) => return,
        }
    }
});
