//! The real program in a folder of its own: platform files, settings, a data directory; run to its end or killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A folder the program runs in.
pub struct Place {
    folder: tempfile::TempDir,
}

/// What differs between the platform files of the tests.
pub struct PlatformFile<'a> {
    pub id: &'a str,
    pub basis: &'a str,
    pub valid_until: &'a str,
    pub hosts: &'a str,
    pub private: &'a str,
    pub rate: &'a str,
    pub start: &'a str,
    pub crawl: &'a str,
}

impl Default for PlatformFile<'_> {
    fn default() -> Self {
        PlatformFile {
            id: "site",
            basis: "own-site",
            valid_until: "2099-12-31",
            hosts: "[\"127.0.0.1\"]",
            private: "[\"127.0.0.0/8\"]",
            rate: "unlimited",
            start: "",
            crawl: "",
        }
    }
}

/// How a run ended.
pub struct Ended {
    /// Exit code; `None` after a kill.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// How long it took.
    pub took: Duration,
}

impl Ended {
    /// Standard output as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: `{}`\n{}", self.out, self.err))
    }

    /// The result of one platform of `scan --json`.
    pub fn platform(&self, id: &str) -> Value {
        let all = self.json();
        let found = all["platforms"].as_array().and_then(|list| list.iter().find(|one| one["platform"] == id));
        found.unwrap_or_else(|| panic!("no platform `{id}` in {all}")).clone()
    }

    /// The coverage statement of one platform.
    pub fn coverage(&self, id: &str) -> Value {
        self.platform(id)["coverage"].clone()
    }

    /// Panics with everything that was said unless the program ended with `code`, and if it panicked on the way.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.out, self.err);
        assert!(!self.err.contains("panicked at") && !self.err.contains("in a panic"), "a panic: {}", self.err);
        self
    }
}

impl Place {
    /// An empty folder. Waits for a page are short, because servers here answer at once or never.
    pub fn new() -> Self {
        let place = Place { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(place.path("seeds")).expect("writable");
        place.settings("[limits]\npage_deadline = \"2s\"\nbody = \"256KiB\"\n");
        place
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes the settings file.
    pub fn settings(&self, text: &str) {
        fs::write(self.path("listingwatch.toml"), text).expect("writable");
    }

    /// Writes a platform file of an own site at full speed; `crawl` holds more keys of `[crawl]`.
    pub fn own_site(&self, id: &str, start: &str, crawl: &str) {
        self.platform(&PlatformFile { id, start, crawl, ..PlatformFile::default() });
    }

    /// Writes a platform file.
    pub fn platform(&self, file: &PlatformFile<'_>) {
        let PlatformFile { id, basis, valid_until, hosts, private, rate, start, crawl } = file;
        let text = format!(
            "[platform]\nid = \"{id}\"\nname = \"Site {id}\"\nkind = \"b2b\"\nhosts = {hosts}\n\n\
             [agreement]\nbasis = \"{basis}\"\nreference = \"test\"\nauthority = \"Test Authority\"\n\
             valid_from = 2020-01-01\nvalid_until = {valid_until}\ncontact = \"ops@site.example.test\"\n\n\
             [crawl]\nstart = [\"{start}\"]\nprivate_addresses = {private}\nrate = \"{rate}\"\n{crawl}\n\n\
             [referral]\nchannels = [\"feed\"]\n"
        );
        fs::write(self.path("seeds").join(format!("{id}.toml")), text).expect("writable");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_listingwatch"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for name in ["LISTINGWATCH_DATA", "LISTINGWATCH_SEEDS", "LISTINGWATCH_PATTERNS", "LISTINGWATCH_SETTINGS"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the program to its end. A run that hangs is killed and fails the test.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Ended {
        Running(Some(self.start(arguments))).end()
    }

    /// Starts the program; what it says is kept until [`Running::end`].
    pub fn spawn(&self, arguments: &[&str]) -> Running {
        Running(Some(self.start(arguments)))
    }

    /// Runs the program to its end as a shell would start it under this umask.
    #[track_caller]
    pub fn run_under(&self, umask: &str, arguments: &[&str]) -> Ended {
        self.spawn_under(umask, arguments).end()
    }

    /// Starts the program as a shell would under this umask.
    pub fn spawn_under(&self, umask: &str, arguments: &[&str]) -> Running {
        self.spawn_after(&format!("umask {umask}"), arguments)
    }

    /// Starts the program as a shell would after a command of its own: `umask`, `ulimit`.
    pub fn spawn_after(&self, set: &str, arguments: &[&str]) -> Running {
        let program = self.command(arguments);
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{set} && exec \"$0\" \"$@\"")).arg(program.get_program()).args(program.get_args());
        shell.current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in program.get_envs() {
            shell.env_remove(name);
        }
        Running(Some(Started::of(shell)))
    }

    fn start(&self, arguments: &[&str]) -> Started {
        Started::of(self.command(arguments))
    }

    /// The lines of `referrals list --json`, without what differs from run to run, sorted.
    pub fn referrals(&self) -> Vec<Value> {
        let ended = self.run(&["--json", "referrals", "list", "--limit", "1000"]).expect(0);
        let mut rows: Vec<Value> = ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        for row in &mut rows {
            let row = row.as_object_mut().expect("an object");
            for changing in ["created", "updated", "change"] {
                row.remove(changing);
            }
        }
        rows.sort_by_key(|row| row["id"].to_string());
        rows
    }
}

/// A run that goes on.
pub struct Running(Option<Started>);

struct Started {
    child: Child,
    out: std::thread::JoinHandle<String>,
    err: std::thread::JoinHandle<String>,
    began: Instant,
}

/// The longest any run here may take.
const LONGEST: Duration = Duration::from_secs(60);

impl Running {
    /// Asks it to stop, as `kill` does.
    pub fn ask_to_stop(&self) {
        let child = &self.0.as_ref().expect("still running").child;
        let process = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("it can be told");
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) -> Ended {
        let mut started = self.0.take().expect("still running");
        started.child.kill().expect("it can be killed");
        started.finish()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let mut started = self.0.take().expect("still running");
        while started.child.try_wait().expect("a child").is_none() {
            if started.began.elapsed() > LONGEST {
                let _ = started.child.kill();
                let ended = started.finish();
                panic!("it hangs\nstdout: {}\nstderr: {}", ended.out, ended.err);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        started.finish()
    }
}

impl Started {
    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let (out, err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        Started { out: reader(out), err: reader(err), child, began: Instant::now() }
    }

    fn finish(mut self) -> Ended {
        let status = self.child.wait().expect("a child");
        let took = self.began.elapsed();
        let text = |handle: std::thread::JoinHandle<String>| handle.join().expect("a reader");
        Ended { code: status.code(), out: text(self.out), err: text(self.err), took }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut started) = self.0.take() {
            let _ = started.child.kill();
            let _ = started.child.wait();
        }
    }
}

fn reader(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A page with one listing in JSON-LD and some links.
pub fn listing(title: &str, text: &str, links: &[String]) -> String {
    let block = serde_json::json!({
        "@context": "https://schema.org", "@type": "Product", "name": title, "description": text,
        "offers": { "@type": "Offer", "price": "120.00", "priceCurrency": "USD" }
    });
    format!(
        "<!doctype html><html lang=en><head><title>{title}</title>\
         <script type=\"application/ld+json\">{block}</script></head><body><h1>{title}</h1><p>{text}</p>{}</body></html>",
        anchors(links)
    )
}

/// A page of links.
pub fn links(links: &[String]) -> String {
    format!("<!doctype html><html lang=en><head><title>Index</title></head><body>{}</body></html>", anchors(links))
}

fn anchors(links: &[String]) -> String {
    links.iter().map(|link| format!("<p><a href=\"{}\">item</a></p>\n", link.replace('&', "&amp;"))).collect()
}

/// A listing that must become a referral. Each number is another offer, so that no two fall into one cluster.
pub fn offer(number: usize, links: &[String]) -> String {
    let names = ["Isotonitazene", "Metonitazene", "Protonitazene", "Etonitazene", "Butonitazene"];
    let towns = ["Aldermoor", "Brackwater", "Corvale", "Dunmere", "Eastholm", "Fernhill", "Glenrock"];
    let (name, town) = (names[number % names.len()], towns[number % towns.len()]);
    let words: Vec<String> = (0..24).map(|n| format!("ref{}", (number + 1) * 7919 + n * 104_729)).collect();
    let text = format!(
        "{name} powder 99% purity, bulk price per gram, ships from {town} lot {number}. Discreet shipping worldwide, customs \
         guarantee, minimum order 10 g, payment in bitcoin. {}",
        words.join(" ")
    );
    listing(&format!("{name} powder lot {number} {town}"), &text, links)
}

/// Every regular file below `folder`.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
