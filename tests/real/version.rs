//! The order of versions is that of `dpkg --compare-versions`.

use std::io::Write;
use std::process::{Command, Stdio};

use mokapot::formats::deb::Version;

/// Numbers that are the same on every run (SplitMix64).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    /// A version made of the pieces at which comparisons go wrong.
    fn version(&mut self) -> String {
        const PIECES: [&str; 22] = [
            "0",
            "00",
            "1",
            "01",
            "9",
            "10",
            "2147483648",
            "99999999999999999999",
            ".",
            "..",
            "+",
            "~",
            "~~",
            "a",
            "Z",
            "b",
            "rc",
            "dfsg",
            "+b1",
            "~bpo12+1",
            ".a",
            "1.",
        ];
        let epoch = ["", "", "", "0:", "1:", "2:"][self.below(6)];
        let mut text = format!("{epoch}{}", self.below(3));
        for _ in 0..self.below(4) {
            text.push_str(PIECES[self.below(PIECES.len())]);
        }
        if self.below(2) == 0 {
            text.push('-');
            text.push_str(PIECES[self.below(8)]);
            for _ in 0..self.below(3) {
                text.push_str(PIECES[self.below(PIECES.len())]);
            }
        }
        text
    }
}

#[test]
fn five_thousand_pairs_compare_as_dpkg_compares_them() {
    let mut random = Seeded(1);
    let mut pairs: Vec<(String, String)> = (0..5000).map(|_| (random.version(), random.version())).collect();
    // Neighbours, where it is hardest: a version and itself with one piece more.
    pairs.extend((0..1000).map(|_| {
        let version = random.version();
        let tail = ["~", "0", "a", "+", ".", "~1", "+b1"][random.below(7)];
        (version.clone(), format!("{version}{tail}"))
    }));
    // One shell for all, since starting dpkg is most of the work.
    let script = "while read -r a b; do if dpkg --compare-versions \"$a\" lt \"$b\"; then echo lt; \
                  elif dpkg --compare-versions \"$a\" eq \"$b\"; then echo eq; else echo gt; fi; done";
    let mut shell = Command::new("sh")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    let lines: String = pairs.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = shell.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), pairs.len());
    let mut compared = 0;
    for ((a, b), dpkg) in pairs.iter().zip(answers.lines()) {
        let (Ok(left), Ok(right)) = (a.parse::<Version>(), b.parse::<Version>()) else { continue };
        let ours = match left.cmp(&right) {
            std::cmp::Ordering::Less => "lt",
            std::cmp::Ordering::Equal => "eq",
            std::cmp::Ordering::Greater => "gt",
        };
        assert_eq!(ours, dpkg, "{a} and {b}");
        compared += 1;
    }
    println!("{compared} of {} pairs agree with dpkg", pairs.len());
    assert!(compared > 4000, "{compared}");
}
