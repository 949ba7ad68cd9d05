//! gzip(1): decompression to standard output, as `zcat` and `gunzip -c` ask for it. Compression is not modelled: its bytes
//! would be another encoder's.

use std::io::Read as _;

use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};
use crate::formats::compress::{Checksums, Codec, Decoder};

const LONG: &[options::Long] = &[
    ("decompress", 'd'),
    ("force", 'f'),
    ("name", 'N'),
    ("no-name", 'n'),
    ("quiet", 'q'),
    ("stdout", 'c'),
    ("to-stdout", 'c'),
    ("uncompress", 'd'),
];

/// The most bytes that one file may become.
const MOST: u64 = 1 << 30;

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "acdfhklLnNqrS:tvV123456789", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let mut output = parsed.operands.is_empty() || parsed.operands == [b"-".to_vec()];
    let mut decompress = false;
    for (letter, _) in parsed.options {
        match letter {
            'c' => output = true,
            'd' => decompress = true,
            'q' | 'n' | 'N' => {}
            other => return Err(options::unsupported(process, other)),
        }
    }
    if !decompress || !output {
        return Err(Stop::unsupported("gzip", if decompress { "decompression in place" } else { "compression" }));
    }
    let mut status = 0;
    for name in input::or_stdin(parsed.operands) {
        let shown = if name == b"-" { "stdin".to_owned() } else { input::shown(&name) };
        let bytes = match input::read(system, process, &name) {
            Ok(bytes) => bytes,
            Err(error) => {
                let suffix = if error == Errno::Missing && !shown.ends_with(".gz") { ".gz" } else { "" };
                process.complain(system, &format!("{shown}{suffix}: {error}"))?;
                status = 1;
                continue;
            }
        };
        let why = if Codec::sniff(&bytes) == Some(Codec::Gzip) {
            let mut plain = Vec::new();
            let read = Decoder::new(Codec::Gzip, &*bytes, Checksums::Verify)
                .and_then(|decoder| decoder.take(MOST + 1).read_to_end(&mut plain));
            if plain.len() as u64 > MOST {
                return Err(Stop::unsupported("gzip", "a file that becomes so large"));
            }
            process.out(system, &plain)?;
            match read {
                Ok(_) => continue,
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => "unexpected end of file",
                Err(_) => "invalid compressed data--format violated",
            }
        } else if bytes.is_empty() {
            "unexpected end of file"
        } else {
            "not in gzip format"
        };
        let line = format!("\n{}: {shown}: {why}\n", process.name());
        process.write(system, 2, line.as_bytes()).map(drop)?;
        status = 1;
    }
    Ok(status)
}
