//! The arguments of every command, as plain data.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

pub use crate::cli::office_request::{
    AuditRequest, DeconflictRequest, EscalateRequest, OrderArgs, RetentionRequest, RevealArgs,
};
pub use crate::cli::referrals_request::ReferralsRequest;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "listingwatch",
    version,
    about = "Finds public offers of new psychoactive substances, synthetic opioids and drug precursors on cooperating platforms, and drafts referrals",
    after_help = "Start with `listingwatch demo`. Exit codes: 0 done, 1 internal, 2 usage, 3 configuration, 4 partial, 5 refused by policy."
)]
pub struct Arguments {
    /// Options every command knows.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub request: Request,
}

/// Options every command knows; they may stand before or after it.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct Global {
    /// Data directory
    #[arg(long, global = true, value_name = "DIR", env = "LISTINGWATCH_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Folder of platform files
    #[arg(long, global = true, value_name = "DIR", env = "LISTINGWATCH_SEEDS")]
    pub seeds: Option<PathBuf>,
    /// Folder of the watchlist; what is compiled in is used when there is none
    #[arg(long, global = true, value_name = "DIR", env = "LISTINGWATCH_PATTERNS")]
    pub patterns: Option<PathBuf>,
    /// Settings file
    #[arg(long, global = true, value_name = "FILE", env = "LISTINGWATCH_SETTINGS")]
    pub settings: Option<PathBuf>,
    /// Print one JSON document, or JSON Lines for lists
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more on standard error
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Say nothing but results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// One command with its arguments.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum Request {
    /// Start the bundled marketplace on loopback, scan it, print the referrals, serve the console
    Demo(DemoArgs),
    /// Validate platform files and patterns
    Check(CheckArgs),
    /// Crawl now
    Scan(ScanArgs),
    /// Run the hub: console, API, feeds, scheduler, dispatch, recheck
    Serve(ServeArgs),
    /// Judge JSON Lines of listings, one verdict a line
    Screen(ScreenArgs),
    /// Show what is read from one saved HTML page
    Extract(ExtractArgs),
    /// Case work
    #[command(subcommand)]
    Referrals(ReferralsRequest),
    /// Search the archive of hits
    Search(SearchArgs),
    /// Write a dataset
    Export(ExportArgs),
    /// Documents about the work
    #[command(subcommand)]
    Report(ReportRequest),
    /// Measure detection on labelled listings
    Eval(EvalArgs),
    /// Fit the weights of the score on labelled listings
    Fit(FitArgs),
    /// Judge the archive again with the present watchlist
    Rescreen(RescreenArgs),
    /// Check a WARC file's records and digests, or a saved notice against the audit log
    Verify(VerifyArgs),
    /// Check the installation
    Doctor,
    /// Agreements and platforms
    #[command(subcommand)]
    Platforms(PlatformsRequest),
    /// What is watched and why
    #[command(subcommand)]
    Watchlist(WatchlistRequest),
    /// Mandates under which scans run
    #[command(subcommand)]
    Mandate(MandateRequest),
    /// Access tokens of the hub
    #[command(subcommand)]
    Token(TokenRequest),
    /// The audit log
    #[command(subcommand)]
    Audit(AuditRequest),
    /// The keys that sign the crawler's requests
    #[command(subcommand)]
    Identity(IdentityRequest),
    /// Open the personal data of a case; the purpose stands in the audit log
    Reveal(RevealArgs),
    /// How long data is kept, and destroying what is over its time
    #[command(subcommand)]
    Retention(RetentionRequest),
    /// What is held back for another authority, and digests exchanged with its hub
    #[command(subcommand)]
    Deconflict(DeconflictRequest),
    /// Put a case that a platform does not act on before another authority: a warning, a draft, a second person's approval
    #[command(subcommand)]
    Escalate(EscalateRequest),
}

/// `identity …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum IdentityRequest {
    /// Show the public keys, and where platforms find them
    Show,
    /// Make a new key: announced for a day, then it signs; the old one stays published for a week after that
    Rotate {
        /// The old key may be in wrong hands: it is withdrawn and the new one signs at once
        #[arg(long)]
        now: bool,
    },
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct DemoArgs {
    /// Port of the console; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Exit after the scan instead of serving
    #[arg(long)]
    pub once: bool,
    /// Go on with the data of the demo before instead of starting afresh
    #[arg(long)]
    pub keep: bool,
    /// For integrators: print tokens of a platform, and let the demo's authority send it a case every few seconds
    #[arg(long, conflicts_with = "once")]
    pub platform_sandbox: bool,
    /// Send the sandbox's events to this address of this machine too
    #[arg(long, value_name = "URL", requires = "platform_sandbox")]
    pub webhook: Option<String>,
}

/// Arguments of `check`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct CheckArgs {
    /// Platform files, pattern files or folders; the seeds and patterns in use when none is given
    pub paths: Vec<PathBuf>,
    /// Word lists, one word a line: also tells which names are ordinary words and not marked so
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub words: Vec<PathBuf>,
}

/// Arguments of `scan`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct ScanArgs {
    /// Platform ids; all when none is given
    #[arg(value_name = "PLATFORM")]
    pub platforms: Vec<String>,
    /// Mandate to scan under
    #[arg(long, value_name = "ID")]
    pub mandate: Option<String>,
    /// Stop after this many pages of each platform
    #[arg(long, value_name = "N")]
    pub max_pages: Option<u64>,
    /// Stop after this long: 90s, 15m, 2h
    #[arg(long = "for", value_name = "DURATION")]
    pub duration: Option<String>,
    /// Ask for all known pages again and judge them anew
    #[arg(long, conflicts_with = "dry_run")]
    #[serde(default)]
    pub again: bool,
    /// Show what would be fetched, fetch nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `serve`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct ServeArgs {
    /// Address to listen on
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// A proxy in front ends TLS
    #[arg(long, conflicts_with = "tls_cert")]
    pub behind_proxy: bool,
    /// Certificate chain in PEM; the hub then speaks HTTPS itself
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// Arguments of `screen`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct ScreenArgs {
    /// Files of JSON Lines; `-` or none reads standard input
    pub files: Vec<PathBuf>,
}

/// Arguments of `extract`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct ExtractArgs {
    /// Saved HTML page, or `-` for standard input
    pub file: PathBuf,
    /// The page's URL
    #[arg(long)]
    pub url: String,
}

/// Arguments of `search`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct SearchArgs {
    /// Words and fields, e.g. `nitazene platform:example-b2b seen:2026-01..2026-06`
    #[arg(required = true)]
    pub query: Vec<String>,
    /// Count by platform, category, substance and state
    #[arg(long)]
    pub facets: bool,
    /// At most this many
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    /// Continue after an earlier answer
    #[arg(long)]
    pub cursor: Option<String>,
}

/// A dataset format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum ExportFormat {
    /// JSON Lines
    Jsonl,
    /// Comma-separated values
    Csv,
}

/// Arguments of `export`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct ExportArgs {
    /// Format
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Only hits that match
    #[arg(long, default_value = "")]
    pub query: String,
    /// File to write; standard output when none is given
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// `report …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum ReportRequest {
    /// Coverage statements of the last scans
    Coverage {
        /// Only this platform
        platform: Option<String>,
    },
    /// Yearly transparency report: notices by platform, category and action
    Transparency {
        /// Calendar year
        #[arg(long)]
        year: i16,
        /// Form of the report; `--json` is the same as `--format json`
        #[arg(long, value_enum, default_value_t = ReportFormat::Csv)]
        format: ReportFormat,
    },
    /// What changed in listings between visits: title, price, text, seller, availability
    Changes {
        /// Only of this platform
        #[arg(long, value_name = "ID")]
        platform: Option<String>,
        /// Only what was seen since: 2026-01-31, or 7d for the last seven days
        #[arg(long, value_name = "DATE|DURATION")]
        since: Option<String>,
    },
    /// Signed record of what a platform was told and did about it, which it can show to whoever asks
    Actions {
        /// The platform
        platform: String,
        /// Only notices from this day on
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// Only notices before this day
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Print it for people to read, without the signature
        #[arg(long)]
        text: bool,
    },
    /// How platforms answer: notices, answers, hours, what came back, beside the control sample
    Responses {
        /// Only notices of this calendar year
        #[arg(long)]
        year: Option<i16>,
        /// Form of the report; `--json` is the same as `--format json`
        #[arg(long, value_enum, default_value_t = ReportFormat::Csv)]
        format: ReportFormat,
    },
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum ReportFormat {
    /// Comma-separated values
    Csv,
    /// One JSON document
    Json,
    /// A page to read
    Html,
}

/// Arguments of `eval`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct EvalArgs {
    /// Labelled listings, JSON Lines
    pub file: PathBuf,
    /// Earlier `eval --json` output to compare with
    #[arg(long)]
    pub baseline: Option<PathBuf>,
    /// Also disguise the names of listings in scope, each way alone and in pairs, and count what is still recognised
    #[arg(long)]
    pub disguise: bool,
}

/// Arguments of `fit`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct FitArgs {
    /// Labelled listings, JSON Lines
    pub file: PathBuf,
    /// Where to write the weights; standard output when none is given
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Arguments of `rescreen`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct RescreenArgs {
    /// Only hits that match
    #[arg(long, default_value = "")]
    pub query: String,
    /// List what would change, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct VerifyArgs {
    /// WARC file, or a notice, reminder, correction or withdrawal as JSON, text or HTML
    pub file: PathBuf,
}

/// `platforms …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum PlatformsRequest {
    /// List platforms and their agreements
    List,
    /// Show one
    Show {
        /// Platform id
        id: String,
    },
    /// Fetch nothing from it until resumed
    Pause {
        /// Platform id
        id: String,
    },
    /// Fetch from it again
    Resume {
        /// Platform id
        id: String,
    },
    /// Show the keys that sign webhooks to it; the platform verifies with the first of each kind
    Keys {
        /// Platform id
        id: String,
        /// Make a new pair; the one before signs too until the next rotation
        #[arg(long)]
        rotate: bool,
    },
}

/// `watchlist …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum WatchlistRequest {
    /// List substances
    List {
        /// Only this class
        #[arg(long)]
        class: Option<String>,
    },
    /// Show one entry with its names, controls and sources
    Show {
        /// Substance id
        id: String,
    },
    /// Which entries a name, CAS number or InChIKey belongs to
    Lookup {
        /// Name or identifier
        #[arg(required = true)]
        name: Vec<String>,
    },
    /// Print the decision table
    Policy,
    /// Names found that a class rule accepts and the list lacks
    Emerging,
}

/// `mandate …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum MandateRequest {
    /// Record a mandate
    Create {
        /// Mandate id
        id: String,
        /// Authority that gives it
        #[arg(long)]
        authority: String,
        /// Legal reference
        #[arg(long)]
        reference: String,
        /// Purpose
        #[arg(long)]
        purpose: String,
        /// Pages it allows in all
        #[arg(long, value_name = "PAGES")]
        budget: Option<u64>,
        /// Bytes of page bodies it allows in all: 500MiB, 2GiB
        #[arg(long, value_name = "SIZE")]
        bytes: Option<String>,
        /// Last day in force, YYYY-MM-DD
        #[arg(long, value_name = "DATE")]
        expires: String,
    },
    /// List mandates
    List,
    /// End a mandate now
    Revoke {
        /// Mandate id
        id: String,
    },
}

/// `token …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum TokenRequest {
    /// Create a token; it is shown once
    Create {
        /// moderator, authority, researcher, platform or admin
        #[arg(long)]
        role: String,
        /// Who holds it
        #[arg(long)]
        owner: String,
        /// The platform, for moderator and platform
        #[arg(long)]
        platform: Option<String>,
        /// Lifetime: 90d
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
    },
    /// List tokens, never their secrets
    List,
    /// Revoke a token
    Revoke {
        /// Token id
        id: String,
    },
}
