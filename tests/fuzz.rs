//! The fuzz targets of `fuzz/`, driven by a seeded loop that changes known inputs: it follows no coverage, but runs
//! wherever the tests do. `COMITY_FUZZ_SECONDS` says how long each target runs, `COMITY_FUZZ_SEED` what it begins with.

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is the library of another package, and used through its table")]
mod targets;

use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use comity::model::entry::Body;
use comity::schema::state::decode_record;
use targets::{TARGETS, become_entry, seeds};

/// A generator that any seed starts (xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Pieces that mean something to one reader or another.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"null",
    b"-1",
    b"1e400",
    b"9223372036854775808",
    b"\\u0000",
    b"\\ud800",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\xd0\x90",
    b"\xef\xbc\x91",
    b"<",
    b"</",
    b"/>",
    b"&#0;",
    b"<![CDATA[",
    b"<!DOCTYPE",
    b"%",
    b"%2F",
    b"%00",
    b"&",
    b"=",
    b"?",
    b"#",
    b"\n",
    b"\r\n",
    b"\t",
    b",",
    b"0001-01-01",
    b"9999-12-31",
    b"+292278994-08-17",
    b"2026-02-30",
    b"P999999999999Y",
    b"''' ",
    b"[[",
    b"]]",
    b".",
    b"..",
    b"\x00\x00\x00\x00\x02",
];

fn change(input: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let place = chance.below(input.len() + 1);
    match chance.below(8) {
        0 if place < input.len() => input[place] ^= 1 << chance.below(8),
        1 if place < input.len() => input[place] = chance.next() as u8,
        2 => {
            let end = (place + 1 + chance.below(8)).min(input.len());
            input.drain(place.min(end)..end);
        }
        3 => {
            let end = (place + 1 + chance.below(40)).min(input.len());
            let piece = input[place..end].to_vec();
            let to = chance.below(input.len() + 1);
            input.splice(to..to, piece);
        }
        4 => {
            let from = chance.below(other.len() + 1);
            let end = (from + chance.below(64)).min(other.len());
            input.splice(place..place, other[from..end].to_vec());
        }
        5 => input.truncate(place),
        6 => input.insert(place, chance.next() as u8),
        _ => {
            let piece = PIECES[chance.below(PIECES.len())];
            input.splice(place..place, piece.to_vec());
        }
    }
}

#[test]
fn every_target_holds() {
    let number = |name: &str, usual: u64| env::var(name).map_or(usual, |text| text.parse().unwrap());
    let time = Duration::from_secs(number("COMITY_FUZZ_SECONDS", 2));
    let only = env::var("COMITY_FUZZ_TARGET").ok();
    let mut broken = Vec::new();
    for (name, target) in TARGETS.iter().filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name)) {
        let seed = number("COMITY_FUZZ_SEED", 7);
        let mut chance = Chance(seed | 1);
        let seeds = seeds(name);
        let (start, mut runs) = (Instant::now(), 0_u64);
        while start.elapsed() < time {
            let mut input = seeds[chance.below(seeds.len())].clone();
            let other = &seeds[chance.below(seeds.len())];
            for _ in 0..=chance.below(6) {
                change(&mut input, other, &mut chance);
            }
            if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
                broken.push(format!("{name}: {:?}", String::from_utf8_lossy(&input)));
                break;
            }
            runs += 1;
        }
        println!("{name}: {runs} runs in {:.1} s, seed {seed}", start.elapsed().as_secs_f64());
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Where `cargo fuzz` begins from: a folder for each target.
#[test]
fn seeds_for_cargo_fuzz() {
    for (name, _) in TARGETS {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz").join(name);
        fs::create_dir_all(&folder).unwrap();
        let seeds = seeds(name);
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
        assert!(!seeds.is_empty(), "{name} begins from something");
    }
}

/// What a loop changes must be understood before it is changed, or nothing behind the first refusal is ever reached.
#[test]
fn what_a_target_begins_from_is_understood() {
    let events: Vec<u8> = seeds("mapping")
        .iter()
        .filter(|seed| matches!(become_entry(seed), Body::Event(_)))
        .filter_map(|seed| seed.first().copied())
        .collect();
    assert!((0..4).all(|platform| events.contains(&platform)), "platforms with an event: {events:?}");
    let values =
        seeds("canonical").into_iter().filter(|seed| decode_record(b"case/DE/a", Some(&seed[1..]), None).is_ok());
    assert_eq!(values.count(), 1);
}
