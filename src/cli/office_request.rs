//! Arguments of the commands around a case: deliveries and answers in bulk, the audit log, personal data, retention,
//! deconfliction.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

/// `audit …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum AuditRequest {
    /// Check the hash chain from the first entry to the last, its signed end, the checkpoints, and the timestamps
    Verify {
        /// A checkpoint kept elsewhere, as `audit checkpoint` printed it; may be given more than once
        #[arg(long = "checkpoint", value_name = "FILE")]
        checkpoints: Vec<PathBuf>,
        /// Also read the stored record of every hit and hold it against what the hit cites
        #[arg(long)]
        evidence: bool,
    },
    /// Sign the end of the log now and print the checkpoint; keep it on another machine
    Checkpoint,
    /// Have the end of the log and the digests of captured pages timestamped by the authority of the settings
    Timestamp,
    /// Print the public key that checkpoints are verified with
    Key,
    /// The last entries
    List {
        /// At most this many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

/// Arguments of `reveal`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct RevealArgs {
    /// Referral whose seller, contacts and payment addresses are opened
    pub id: String,
    /// For what; it stands in the audit log
    #[arg(long)]
    pub purpose: String,
    /// Who asks
    #[arg(long = "as", value_name = "NAME")]
    pub actor: Option<String>,
}

/// `escalate …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum EscalateRequest {
    /// Warn the platform that a case may go to another authority, with the last day for an answer
    Warn {
        /// Referral id
        id: String,
        /// The last day for an answer, such as 2026-12-31
        #[arg(long, value_name = "DATE")]
        until: String,
        /// Who warns
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Draft the document, once the day of the warning is over
    Draft {
        /// Referral id
        id: String,
        /// To whom it would go, as you write it
        #[arg(long, value_name = "CONTACT")]
        to: String,
        /// For what; it stands in the audit log
        #[arg(long)]
        purpose: String,
        /// Who drafts
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Approve a draft of another person; nothing is sent
    Approve {
        /// Id of the draft: E-…
        id: String,
        /// Who approves
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// List drafts, newest first
    List {
        /// Only of this case
        referral: Option<String>,
    },
    /// Print one as it is to be handed over
    Show {
        /// Id of the draft: E-…
        id: String,
    },
}

/// `retention …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum RetentionRequest {
    /// Show what is over its time; destroy nothing
    Report,
    /// Destroy what is over its time
    Run {
        /// Who runs it
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Erase the personal data of one case now
    Erase {
        /// Referral id
        id: String,
        /// Who erases
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
}

/// `deconflict …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum DeconflictRequest {
    /// Hold back every case that names a substance
    HoldSubstance {
        /// Watchlist id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who holds
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Hold back every case of the seller behind one case: same name, contact or payment address
    HoldSeller {
        /// A case of that seller
        referral: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who holds
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Lift a mark; cases it alone held become drafts again
    Lift {
        /// `substance` or `seller`
        kind: String,
        /// Watchlist id, or the keyed hash that `deconflict list` shows
        value: String,
        /// Who lifts
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// List the marks
    List,
    /// Make a key to share with one other hub; it is printed once and to be handed over in person
    Key,
    /// Write digests of what our cases are about, for another hub
    Export {
        /// Name of the other hub
        #[arg(long)]
        partner: String,
        /// File with the shared key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// File to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// How long the other side may keep it: 30d
        #[arg(long, default_value = "30d")]
        expires: String,
        /// Who exports
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Take in another hub's digests and show which of our cases it knows something of
    Import {
        /// The file
        file: PathBuf,
        /// File with the shared key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Hold the drafts it knows something of
        #[arg(long)]
        hold: bool,
        /// Who imports
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Show again which of our cases another hub knows something of
    Report {
        /// Name of the other hub, as its file gave it
        source: String,
        /// File with the shared key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
}

/// Arguments of `referrals order`.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct OrderArgs {
    /// Referral id
    pub id: String,
    /// The order's own number
    #[arg(long, default_value = "")]
    pub number: String,
    /// Law it rests on
    #[arg(long, default_value = "")]
    pub legal_basis: String,
    /// Provision infringed
    #[arg(long, default_value = "")]
    pub provision: String,
    /// Territorial scope
    #[arg(long, default_value = "")]
    pub territory: String,
    /// What must be done
    #[arg(long, default_value = "")]
    pub act: String,
    /// Ways of redress
    #[arg(long, default_value = "")]
    pub redress: String,
    /// Where to report the effect given to it
    #[arg(long, default_value = "")]
    pub report_to: String,
    /// Language instead of the platform's
    #[arg(long)]
    pub language: Option<String>,
    /// Form: text, html or json
    #[arg(long, default_value = "text")]
    pub format: String,
    /// Who issues it
    #[arg(long = "as", value_name = "NAME")]
    pub actor: Option<String>,
}
