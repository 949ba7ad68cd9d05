//! The limit that `ci/bench` holds a cold build against: what it costs to decompress every package once, to hash the tar
//! once and to compress it once, with the fastest codecs there are, on the same cores, and to do nothing else.
//!
//! ```text
//! cargo bench --bench limit -- FOLDER [zstd|gzip]     prints seconds and bytes
//! ```
//!
//! It uses the codec libraries directly and knows nothing of the program's own code, so that it cannot get slower with it.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run says why and ends")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// Plain bytes compressed at a time, as the program does.
const MEMBER: usize = 1 << 20;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(folder) = arguments.next() else {
        println!("usage: cargo bench --bench limit -- FOLDER [zstd|gzip]");
        return;
    };
    let gzip = arguments.next().is_some_and(|codec| codec == "gzip");
    let mut packages: Vec<(u64, PathBuf)> = fs::read_dir(&folder)
        .expect("the folder of packages")
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((fs::metadata(&path).ok()?.len(), path))
        })
        .collect();
    packages.sort_unstable_by(|a, b| b.cmp(a)); // the largest first, so that the cores end together
    let start = Instant::now();
    let totals = packages
        .par_iter()
        .with_max_len(1)
        .map(|(size, path)| {
            let (plain, compressed) = once(path, gzip);
            (*size, plain, compressed)
        })
        .reduce(|| (0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{seconds:.3} s for {} packages: {} bytes, {} decompressed, {} compressed",
        packages.len(),
        totals.0,
        totals.1,
        totals.2
    );
}

/// Decompress, hash, compress; the lengths of the tar and of the result.
fn once(path: &Path, gzip: bool) -> (u64, u64) {
    let deb = fs::read(path).expect("a package");
    let (name, data) = last_member(&deb);
    let mut tar: Box<dyn Read> = match name.rsplit('.').next() {
        Some("xz") => Box::new(liblzma::read::XzDecoder::new(data)),
        Some("zst") => Box::new(zstd::stream::read::Decoder::with_buffer(data).expect("a zstd decoder")),
        Some("gz") => Box::new(flate2::bufread::GzDecoder::new(data)),
        _ => Box::new(data),
    };
    let mut hash = Sha256::new();
    let mut zstd = zstd::bulk::Compressor::new(3).expect("a zstd encoder");
    let mut deflate = libdeflater::Compressor::new(libdeflater::CompressionLvl::new(6).expect("level 6"));
    let mut plain = Vec::with_capacity(MEMBER);
    let mut out = vec![0; MEMBER + MEMBER / 8 + 4096];
    let (mut read, mut written) = (0, 0);
    loop {
        plain.clear();
        tar.by_ref().take(MEMBER as u64).read_to_end(&mut plain).expect("a sound package");
        if plain.is_empty() {
            std::hint::black_box(hash.finalize());
            return (read, written);
        }
        hash.update(&plain);
        let n = if gzip {
            deflate.gzip_compress(&plain, &mut out).expect("room enough")
        } else {
            zstd.compress_to_buffer(&plain, &mut out).expect("room enough")
        };
        read += plain.len() as u64;
        written += n as u64;
    }
}

/// The name and bytes of the last member of an `ar` archive: `data.tar.…` in a package.
fn last_member(deb: &[u8]) -> (String, &[u8]) {
    let mut rest = &deb[8..];
    let mut last = (String::new(), &rest[..0]);
    while rest.len() >= 60 {
        let field = |range: std::ops::Range<usize>| String::from_utf8_lossy(&rest[range]).trim().to_owned();
        let (name, size) = (field(0..16), field(48..58).parse::<usize>().expect("a size"));
        last = (name, &rest[60..60 + size]);
        rest = rest.get(60 + size + size % 2..).unwrap_or_default();
    }
    last
}
