//! The inner loops of the data path: a package into a fragment, fragments into a layer, an index read back.
//!
//! `MOKAPOT_BENCH_DEB` names a package to use; without it, one is made of noise and text.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, and is told its input"
)]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::io::{self, Cursor, Read};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use mokapot::base::{Epoch, Hasher};
use mokapot::domain::layer::{FragmentWriter, Index, LayerWriter, filtered};
use mokapot::formats::compress::{Checksums, Compression, MemberEncoder};
use mokapot::formats::deb::DebReader;
use mokapot::formats::tar::Limits;

#[path = "../tests/support/deb.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the tests")]
mod deb;

fn package() -> Vec<u8> {
    match std::env::var_os("MOKAPOT_BENCH_DEB") {
        Some(path) => std::fs::read(path).unwrap(),
        None => {
            let mut package = deb::Deb::new("bench", "1").codec(mokapot::formats::compress::Codec::Xz);
            let mut state = 1_u32;
            for n in 0..400 {
                let mut content = format!("file {n} of a package\n").repeat(40 * (n % 100)).into_bytes();
                content.extend((0..20_000).map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    state.to_be_bytes()[0] & 0x3f
                }));
                package = package.file(&format!("usr/share/bench/{n}"), &content);
            }
            package.build()
        }
    }
}

fn fragment(bytes: &[u8], compression: Compression) -> (Index, Vec<u8>) {
    let mut reader = DebReader::open(bytes, Limits::default(), Checksums::Verify).unwrap();
    let epoch = Epoch::try_from(4_000_000_000).unwrap();
    let mut writer = FragmentWriter::new(compression, epoch, Vec::new()).unwrap();
    while let Some(entry) = reader.next_entry().unwrap() {
        writer.push(&entry, &mut reader.content()).unwrap();
    }
    reader.finish().unwrap();
    writer.finish().unwrap()
}

/// The plain bytes of `data.tar`, as fast as the decoder gives them.
fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut reader = DebReader::open(bytes, Limits::default(), Checksums::Verify).unwrap();
    let mut plain = Vec::new();
    while reader.next_entry().unwrap().is_some() {
        reader.content().read_to_end(&mut plain).unwrap();
    }
    plain
}

fn data(criterion: &mut Criterion) {
    let package = package();
    let plain = decode(&package);
    let mut group = criterion.benchmark_group("data");
    group.sample_size(10).throughput(Throughput::Bytes(plain.len() as u64));
    group.bench_function("decode", |bench| bench.iter(|| decode(black_box(&package))));
    for compression in [Compression::Gzip, Compression::Zstd] {
        // The limit: decode once, encode once, hash what is stored.
        group.bench_function(format!("limit/{compression}"), |bench| {
            bench.iter(|| {
                let plain = decode(black_box(&package));
                let mut encoder = MemberEncoder::new(compression).unwrap();
                let mut hasher = Hasher::around(io::sink());
                for chunk in plain.chunks(4 << 20) {
                    hasher.update(encoder.encode(chunk).unwrap());
                }
                hasher.finish().0
            });
        });
        group.bench_function(format!("fragment/{compression}"), |bench| {
            bench.iter(|| fragment(black_box(&package), compression));
        });
        let (index, bytes) = fragment(&package, compression);
        group.bench_function(format!("layer/{compression}"), |bench| {
            bench.iter(|| {
                let mut layer = LayerWriter::new(compression, Epoch::ZERO, io::sink()).unwrap();
                layer.fragment(&index, &mut &bytes[..]).unwrap();
                layer.finish().unwrap().0
            });
        });
        let drop: BTreeSet<Vec<u8>> =
            index.entries.first().map(|placed| placed.entry.path.clone()).into_iter().collect();
        group.bench_function(format!("filter/{compression}"), |bench| {
            bench.iter(|| filtered(&index, Cursor::new(&bytes), &drop, io::sink()).unwrap().0);
        });
    }
    let (index, _) = fragment(&package, Compression::Zstd);
    let encoded = index.encode();
    group.throughput(Throughput::Elements(index.entries.len() as u64));
    group.bench_function("index/decode", |bench| {
        bench.iter_batched(|| &encoded, |encoded| Index::decode(encoded).unwrap(), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, data);
criterion_main!(benches);
