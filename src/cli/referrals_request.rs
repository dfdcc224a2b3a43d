//! Arguments of `referrals …`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use crate::cli::office_request::OrderArgs;

/// `referrals …`
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum ReferralsRequest {
    /// List cases
    List {
        /// Only this platform
        #[arg(long)]
        platform: Option<String>,
        /// Only this state
        #[arg(long)]
        state: Option<String>,
        /// Only this category
        #[arg(long)]
        category: Option<String>,
        /// Only this series of cases with one wording
        #[arg(long)]
        series: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Show one case
    Show {
        /// Referral id
        id: String,
    },
    /// List cases that left and wait for an authority: unanswered, contested, undeliverable, come back, questions
    Attention {
        /// At most this many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Approve: the notice may leave
    Approve {
        /// Referral ids
        #[arg(required_unless_present = "series")]
        ids: Vec<String>,
        /// Every draft of this series
        #[arg(long)]
        series: Option<String>,
        /// Who approves
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Dismiss: not in scope, do not show this cluster again
    Dismiss {
        /// Referral ids
        #[arg(required_unless_present = "series")]
        ids: Vec<String>,
        /// Every draft of this series
        #[arg(long)]
        series: Option<String>,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who dismisses
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Hold: another authority works on it
    Hold {
        /// Referral id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who holds
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// End a hold: the case is a draft again
    Release {
        /// Referral id
        id: String,
        /// Who releases
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Take a sent referral back
    Withdraw {
        /// Referral id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who withdraws
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Take a sent referral back and draft a corrected one in its place
    Correct {
        /// Referral id
        id: String,
        /// What was wrong
        #[arg(long)]
        reason: String,
        /// Who corrects
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Uphold a contested referral; by another person than the one who approved it
    Uphold {
        /// Referral id
        id: String,
        /// Who upholds
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Deliver what is due now
    Send,
    /// Show the deliveries of a case with their receipts, or what could not be delivered when no case is named
    Deliveries {
        /// Referral id
        id: Option<String>,
    },
    /// Make undeliverable messages due again
    Resend {
        /// Referral ids
        #[arg(required = true)]
        ids: Vec<String>,
        /// Who resends
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Record the platform's answer
    Outcome {
        /// Referral id
        id: String,
        /// removed, restricted, account-action, rejected or needs-information
        decision: String,
        /// Why: a published code (`referrals reasons`) or words
        #[arg(long)]
        reason: Option<String>,
        /// The platform's own reference
        #[arg(long)]
        reference: Option<String>,
        /// A page of the case that it is for; may be given several times. Without it, it is for all pages
        #[arg(long = "url", value_name = "URL")]
        urls: Vec<String>,
        /// Who records it
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// Record answers from a CSV file with the columns referral, decision, and where wanted reason, reference, url; `-` reads standard input
    Outcomes {
        /// The file
        file: PathBuf,
        /// Only cases of this platform; answers to others are refused
        #[arg(long)]
        platform: Option<String>,
        /// Who records them
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
    /// The published reasons of answers, with the codes of other lists
    Reasons,
    /// Print the notice
    Notice {
        /// Referral id
        id: String,
        /// Language instead of the platform's: en, fr, es, zh, ru, ar, de
        #[arg(long)]
        language: Option<String>,
        /// Form: text, html or json; `--json` is the same as json
        #[arg(long, default_value = "text")]
        format: String,
    },
    /// Write an order of an authority about a case; it is noted and printed, never sent as a referral
    Order(OrderArgs),
    /// Look again whether the listing is gone
    Recheck {
        /// Referral ids; every case that is due when none is given
        ids: Vec<String>,
    },
}
