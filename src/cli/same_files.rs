//! A command that another process carries out gets the configuration that process uses. It must be the one the command was
//! given; otherwise the command is refused, never obeyed with older files.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::request::{
    AuditRequest, EscalateRequest, Global, PlatformsRequest, ReferralsRequest, ReportRequest, Request, RetentionRequest,
};
use crate::config::in_use::{FilesInUse, Part};

/// The files a command would use itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Expected {
    files: FilesInUse,
    /// Parts the user named; the others are there by default.
    named: Vec<Part>,
}

impl Expected {
    /// What a command line expects.
    pub fn of(global: &Global, files: FilesInUse) -> Self {
        let named = [
            (global.seeds.is_some(), Part::Seeds),
            (global.patterns.is_some(), Part::Patterns),
            (global.settings.is_some(), Part::Settings),
        ];
        Expected { files, named: named.into_iter().filter_map(|(named, part)| named.then_some(part)).collect() }
    }
}

/// Refuses a request that rests on files the owner of the data directory does not use.
///
/// # Errors
/// Naming the file that differs.
pub fn agree(app: &App, request: &Request, expected: Option<&Expected>) -> Result<(), Failure> {
    let parts = rests_on(request);
    if parts.is_empty() {
        return Ok(());
    }
    let Some(Expected { files, named }) = expected else {
        return Err(Failure::new(Exit::Configuration, "the command does not say which files it uses")
            .hint("use the same version of the program on both ends"));
    };
    // The demo brings platforms and settings of its own: what merely lies in the folder is not meant for it.
    let parts: Vec<Part> =
        parts.iter().filter(|part| !app.brings_its_own(**part) || named.contains(part)).copied().collect();
    if let Some(part) = parts.iter().find(|part| app.brings_its_own(**part)) {
        return Err(Failure::new(
            Exit::Configuration,
            format!("the running process brings its own {}", part.in_words()),
        )
        .hint(format!("leave {} out, or name another directory with --data", part.option())));
    }
    if parts.contains(&Part::Patterns) {
        // An edited watchlist is taken in by itself; a command that comes sooner need not be refused. A list that is
        // refused differs still.
        let _ = app.reload_watchlist();
    }
    if parts.contains(&Part::Seeds) {
        // The same of platform files.
        let _ = app.reload_platforms();
    }
    let in_use = app.files_in_use();
    let Some((part, file)) = in_use.difference(files, &parts) else { return Ok(()) };
    Err(Failure::new(
        Exit::Configuration,
        format!("the running process uses other {} than this command: `{file}` differs", part.in_words()),
    )
    .hint(format!(
        "stop the running process and start it again, or give {} as it was started, or another directory with --data",
        part.option()
    )))
}

/// Whether a command only reads what is there, so that it works on a full disk.
pub(super) fn only_reads(request: &Request) -> bool {
    match request {
        Request::Search(_) | Request::Export(_) | Request::Report(_) | Request::Watchlist(_) | Request::Doctor => true,
        Request::Referrals(request) => matches!(
            request,
            ReferralsRequest::List { .. }
                | ReferralsRequest::Show { .. }
                | ReferralsRequest::Attention { .. }
                | ReferralsRequest::Deliveries { .. }
                | ReferralsRequest::Reasons
                | ReferralsRequest::Notice { .. }
        ),
        Request::Platforms(request) => matches!(request, PlatformsRequest::List | PlatformsRequest::Show { .. }),
        Request::Audit(request) => {
            matches!(request, AuditRequest::Verify { .. } | AuditRequest::List { .. } | AuditRequest::Key)
        }
        Request::Escalate(request) => matches!(request, EscalateRequest::List { .. } | EscalateRequest::Show { .. }),
        Request::Retention(request) => matches!(request, RetentionRequest::Report),
        _ => false,
    }
}

/// The parts of the configuration that decide what a command does. What stops something is never refused for their sake.
fn rests_on(request: &Request) -> &'static [Part] {
    match request {
        Request::Scan(_) | Request::Rescreen(_) => &[Part::Seeds, Part::Patterns, Part::Settings],
        Request::Platforms(PlatformsRequest::List | PlatformsRequest::Show { .. }) => &[Part::Seeds],
        Request::Referrals(request) => match request {
            ReferralsRequest::Approve { .. }
            | ReferralsRequest::Correct { .. }
            | ReferralsRequest::Send
            | ReferralsRequest::Resend { .. }
            | ReferralsRequest::Order(_)
            | ReferralsRequest::Recheck { .. } => &[Part::Seeds, Part::Settings],
            ReferralsRequest::List { .. }
            | ReferralsRequest::Show { .. }
            | ReferralsRequest::Attention { .. }
            | ReferralsRequest::Dismiss { .. }
            | ReferralsRequest::Hold { .. }
            | ReferralsRequest::Release { .. }
            | ReferralsRequest::Withdraw { .. }
            | ReferralsRequest::Uphold { .. }
            | ReferralsRequest::Deliveries { .. }
            | ReferralsRequest::Outcome { .. }
            | ReferralsRequest::Outcomes { .. }
            | ReferralsRequest::Reasons
            | ReferralsRequest::Notice { .. } => &[],
        },
        Request::Report(ReportRequest::Transparency { .. } | ReportRequest::Responses { .. }) => &[Part::Settings],
        Request::Report(ReportRequest::Actions { .. }) => &[Part::Seeds, Part::Settings],
        Request::Escalate(
            EscalateRequest::Warn { .. } | EscalateRequest::Draft { .. } | EscalateRequest::Approve { .. },
        ) => &[Part::Seeds, Part::Settings],
        Request::Retention(RetentionRequest::Report | RetentionRequest::Run { .. }) => &[Part::Settings],
        Request::Platforms(
            PlatformsRequest::Pause { .. } | PlatformsRequest::Resume { .. } | PlatformsRequest::Keys { .. },
        )
        | Request::Report(ReportRequest::Coverage { .. } | ReportRequest::Changes { .. })
        | Request::Retention(RetentionRequest::Erase { .. })
        | Request::Search(_)
        | Request::Export(_)
        | Request::Watchlist(_)
        | Request::Mandate(_)
        | Request::Token(_)
        | Request::Identity(_)
        | Request::Audit(_)
        | Request::Reveal(_)
        | Request::Deconflict(_)
        | Request::Escalate(EscalateRequest::List { .. } | EscalateRequest::Show { .. })
        | Request::Doctor
        | Request::Demo(_)
        | Request::Serve(_)
        | Request::Screen(_)
        | Request::Extract(_)
        | Request::Check(_)
        | Request::Eval(_)
        | Request::Fit(_)
        | Request::Verify(_) => &[],
    }
}
