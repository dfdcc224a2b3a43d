//! The frontier at size: `cargo bench --bench frontier -- [URLS]` (default 1,000,000; the claim is about 10,000,000).
//!
//! URLs of fifty hosts of one platform are offered in batches of a thousand, one in five of them known already, each batch
//! stored and flushed every tenth time, as a scan does. Printed: the rate for each million, memory as the system counts it,
//! bytes on disk; then the process is killed without warning and the store opened again: how long that takes, and whether
//! every URL that was flushed is known, and still due, exactly once in a sample.
//!
//! Memory and processor time are read from `/proc`; where there is none they are left out.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use listingwatch::frontier::entry::{NewEntry, UrlKind};
use listingwatch::store::hot::HotStore;
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::ids::PlatformId;
use listingwatch::vocab::limits::Limits;
use listingwatch::vocab::time::Timestamp;

const BATCH: u64 = 1000;
const HOSTS: u64 = 50;
const MILLION: u64 = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [fill, directory, urls] = arguments.as_slice()
        && fill == "fill"
    {
        return fill_store(Path::new(directory), urls.parse().expect("a number of URLs"));
    }
    let urls = arguments.first().map_or(MILLION, |text| text.replace('_', "").parse().expect("a number of URLs"));
    let directory = tempfile::tempdir().expect("a folder for temporary files");
    let program = std::env::current_exe().expect("the bench knows its own program");
    let mut child = Command::new(program)
        .arg("fill")
        .arg(directory.path())
        .arg(urls.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the bench starts itself");
    // The child says `full` and would go on for ever; then it is killed in the middle of whatever it does.
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("its output")));
    for line in lines.by_ref() {
        let line = line.expect("its output is text");
        if line == "full" {
            break;
        }
        println!("{line}");
    }
    std::thread::sleep(Duration::from_millis(300));
    child.kill().expect("it runs until it is killed");
    child.wait().expect("it ends when killed");
    println!("{:<44} {:>10.1} MB", "on disk after kill -9", bytes_below(directory.path()) as f64 / 1e6);

    let started = Instant::now();
    let (hot, report) = HotStore::open(directory.path(), &Limits::default()).expect("the store opens");
    println!("{:<44} {:>10.2} s", "opened again after kill -9", started.elapsed().as_secs_f64());
    println!("{:<44} {:>10} URLs{}", "known then", hot.known_urls(), memory("VmRSS"));
    assert!(report.unclean, "a killed process leaves its mark");
    assert!(hot.known_urls() >= urls, "{} of {urls} URLs are known", hot.known_urls());
    check(&hot, urls);
}

/// Every URL of a sample is known, and each host hands out its first URLs once.
fn check(hot: &HotStore, urls: u64) {
    let platform = platform();
    let step = (urls / 100_000).max(1) as usize;
    let mut missing = 0;
    for numbers in (0..urls).step_by(step).collect::<Vec<_>>().chunks(BATCH as usize) {
        let mut sample: Vec<FoundUrl> = numbers.iter().map(|number| url(*number)).collect();
        hot.retain_unknown(&platform, &mut sample).expect("the store answers");
        missing += sample.len();
    }
    println!("{:<44} {:>10}", "flushed URLs lost, in a sample", missing);
    assert_eq!(missing, 0);
    let now = now().after(Duration::from_secs(86_400));
    let mut leased = 0;
    let mut met = std::collections::HashSet::new();
    let started = Instant::now();
    for host in hot.hosts(&platform) {
        for lease in hot.lease(&platform, &host, 2000, now, Duration::from_secs(900)).expect("the store answers") {
            leased += 1;
            assert!(met.insert(lease.url.key()), "`{}` was handed out twice", lease.url);
        }
    }
    println!("{:<44} {:>10.0} URLs/s", "handed out", f64::from(leased) / started.elapsed().as_secs_f64());
}

fn fill_store(directory: &Path, urls: u64) {
    let (hot, _) = HotStore::open(directory, &Limits::default()).expect("the store opens");
    let platform = platform();
    let (mut started, mut cpu) = (Instant::now(), cpu_seconds());
    let mut offered = 0_u64;
    let mut batches = 0_u64;
    let mut rates = Vec::new();
    loop {
        let mut entries: Vec<NewEntry> = (offered..offered + BATCH).map(entry).collect();
        // One offer in five is of a URL known already.
        entries.extend((0..BATCH / 4).map(|n| entry(mix(offered + n) % (offered + 1))));
        hot.offer(&platform, &entries).expect("the store takes it");
        offered += BATCH;
        batches += 1;
        if batches.is_multiple_of(10) {
            hot.flush().expect("the disk takes it");
        }
        if offered.is_multiple_of(MILLION.min(urls)) && offered <= urls {
            let (wall, spent) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
            let rate = MILLION.min(urls) as f64 / wall;
            println!(
                "{:<44} {:>10.0} URLs/s{}{}",
                format!("offered up to {offered}"),
                rate,
                if spent > 0.0 {
                    format!(", {:.2} CPU us a URL", spent / MILLION.min(urls) as f64 * 1e6)
                } else {
                    String::new()
                },
                memory("VmRSS")
            );
            rates.push((rate, spent));
            (started, cpu) = (Instant::now(), cpu_seconds());
        }
        if offered == urls {
            hot.flush().expect("the disk takes it");
            if let (Some(first), Some(last)) = (rates.first(), rates.last())
                && rates.len() > 1
            {
                println!("{:<44} {:>10.0} %", "rate of the last million against the first", 100.0 * last.0 / first.0);
                println!("{:<44} {:>10.0} %", "the same by processor time", 100.0 * first.1 / last.1.max(1e-9));
            }
            println!("{:<44} {:>10}", "peak memory of the process", memory("VmHWM").trim_start_matches(", "));
            println!("full");
        }
    }
}

fn platform() -> PlatformId {
    PlatformId::parse("bazaar").expect("a platform id")
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000)
}

fn entry(number: u64) -> NewEntry {
    let kind = UrlKind::Page;
    NewEntry { url: url(number), depth: 3, kind, priority: kind.priority(), due: now() }
}

/// A listing's address: shop, number, and a few words, about eighty bytes.
fn url(number: u64) -> FoundUrl {
    let words = ["lamp", "chair", "kettle", "jacket", "mirror", "blanket", "drill", "bicycle"];
    let word = |at: u32| words[(mix(number) >> (3 * at)) as usize & 7];
    let host = number / 40 % HOSTS;
    let text =
        format!("https://shop{host}.example.test/listings/{number}-{}-{}-{}-{}", word(0), word(1), word(2), word(3));
    FoundUrl::parse(&text, None).expect("a URL")
}

fn mix(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11
}

fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_below(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

/// `, 123 MB` from a line of the process's status.
fn memory(line: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes =
        status.lines().find_map(|held| held.strip_prefix(line)?.strip_prefix(':')?.split_whitespace().next());
    kilobytes.and_then(|text| text.parse::<u64>().ok()).map_or_else(String::new, |kb| format!(", {} MB", kb / 1024))
}

/// Processor seconds of the process, all threads; zero where the system does not tell.
fn cpu_seconds() -> f64 {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return 0.0 };
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields.iter().skip(11).take(2).filter_map(|text| text.parse::<f64>().ok()).sum();
    ticks / 100.0
}
