//! Commands: one file a group, parsed once into typed requests.
//!
//! Owns: arguments, exit codes, what is printed, and the local socket by which a command asks the owner of a locked data
//! directory. A [`request::Request`] is plain data, so the owner can run it on behalf of another process.
//! Never: decides anything about crawling, detection or referrals.
//! Start reading: [`request::Request`], then [`run`].

mod archive;
mod cases;
mod check_words;
pub mod control;
mod deconflict;
mod deliveries;
mod demo;
mod doctor;
mod escalate;
mod eval;
pub mod exit;
mod governance;
mod identity;
mod judge;
pub mod office_request;
pub mod output;
mod privacy;
pub mod referrals_request;
mod report;
pub mod request;
mod same_files;
mod sandbox;
mod scan;
mod serve;

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::{self, App, AppError, Paths};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Output, Sink, Terminal};
use crate::cli::request::{Arguments, ExportArgs, Global, ReferralsRequest, Request, VerifyArgs};
use crate::store::lock::LockError;
use crate::telemetry::{SystemClock, Verbosity};
use crate::vocab::actor::Actor;

/// Runs one command line to its end.
pub async fn run(arguments: Arguments) -> Exit {
    let Arguments { global, request } = arguments;
    crate::telemetry::start(match (global.quiet, global.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    });
    let terminal: Arc<dyn Sink> = Arc::new(Terminal::new(global.quiet));
    let output = Output::new(terminal.clone(), global.json);
    let result = dispatch(&global, request, &output, &*terminal).await;
    drop((output, terminal));
    match result {
        Ok(exit) => exit,
        Err(failure) if failure.exit == Exit::Done => Exit::Done,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit
        }
    }
}

async fn dispatch(global: &Global, request: Request, output: &Output, terminal: &dyn Sink) -> Result<Exit, Failure> {
    let paths =
        Paths::new(&global.data, global.seeds.as_deref(), global.patterns.as_deref(), global.settings.as_deref());
    match request {
        Request::Screen(args) => return judge::screen(&paths, &args, output),
        Request::Extract(args) => return judge::extract(&paths, &args, output),
        Request::Check(args) => return judge::check(&paths, &args, output),
        Request::Eval(args) => return eval::run(&paths, &args, output),
        Request::Fit(args) => return judge::fit(&paths, &args, output),
        Request::Watchlist(request) if !matches!(request, request::WatchlistRequest::Emerging) => {
            return judge::watchlist(&paths, &request, output);
        }
        Request::Verify(args) => return archive::verify(&paths, &args, output),
        Request::Demo(args) => return demo::run(&paths, &args, output).await,
        Request::Serve(args) => return serve::run(paths, &args, output).await,
        _ => {}
    }
    let known = paths.data.join("VERSION").exists();
    let opened = match same_files::only_reads(&request) {
        true => App::open_to_read(paths.clone(), Arc::new(SystemClock)),
        false => App::open(paths.clone(), Vec::new(), None, Arc::new(SystemClock)),
    };
    match opened {
        Ok(app) => {
            let app = Arc::new(app);
            say_directory(&paths, known, &request, output);
            // A long command answers others over the socket while it runs.
            let socket = matches!(request, Request::Scan(_)).then(|| {
                let app = app.clone();
                tokio::spawn(async move { control::serve(app, std::future::pending()).await })
            });
            let result = execute(&app, &request, output).await;
            if let Some(socket) = socket {
                socket.abort();
                let _ = std::fs::remove_file(app.paths().control_socket());
            }
            app.close()?;
            result
        }
        Err(AppError::Lock(error @ LockError::Owned { .. })) => {
            let request = absolute(request);
            let expected = same_files::Expected::of(global, app::files_of(&paths));
            let socket = paths.control_socket();
            let asked =
                tokio::task::block_in_place(|| control::ask(&socket, &request, &expected, output.json, terminal));
            asked.unwrap_or_else(|| {
                Err(Failure::new(Exit::Configuration, error.to_string())
                    .hint("wait until it ends, or name another directory with --data"))
            })
        }
        Err(error) => Err(failure(error, output)),
    }
}

/// Says which data directory was made, and which one is probably meant: what is asked of an empty one finds nothing, and a
/// token of one hub opens no other.
fn say_directory(paths: &Paths, known: bool, request: &Request, output: &Output) {
    let data = std::path::absolute(&paths.data).unwrap_or_else(|_| paths.data.clone());
    if !known {
        output.note(format!("data directory `{}` did not exist and was made", data.display()));
    }
    let hub = matches!(request, Request::Token(_)) || !known;
    if let Some(demo) = demo::served_in(&paths.data).filter(|_| hub) {
        output.note(format!(
            "hint: a demo is served from another directory: add `--data {}` to ask that one",
            demo.display()
        ));
    }
}

/// Runs a request against an open data directory, for this process or for a client of the control socket.
///
/// # Errors
/// What the command failed with.
pub async fn execute(app: &Arc<App>, request: &Request, output: &Output) -> Result<Exit, Failure> {
    match request {
        Request::Scan(args) => scan::run(app, args, output).await,
        Request::Referrals(request) => cases::run(app, request, output).await,
        Request::Search(args) => archive::search(app, args, output),
        Request::Export(args) => archive::export(app, args, output),
        Request::Report(request) => report::run(app, request, output),
        Request::Rescreen(args) => archive::rescreen(app, args, output),
        Request::Watchlist(_) => governance::emerging(app, output),
        Request::Platforms(request) => governance::platforms(app, request, output),
        Request::Mandate(request) => governance::mandate(app, request, output),
        Request::Token(request) => governance::token(app, request, output),
        Request::Identity(request) => identity::run(app, request, output),
        Request::Audit(request) => privacy::audit(app, request, output).await,
        Request::Reveal(args) => privacy::reveal(app, args, output),
        Request::Retention(request) => privacy::retention(app, request, output),
        Request::Deconflict(request) => deconflict::run(app, request, output),
        Request::Escalate(request) => escalate::run(app, request, output),
        Request::Doctor => doctor::doctor(app, output),
        Request::Demo(_)
        | Request::Serve(_)
        | Request::Screen(_)
        | Request::Extract(_)
        | Request::Check(_)
        | Request::Eval(_)
        | Request::Fit(_)
        | Request::Verify(_) => Err(Failure::usage("this command does not run inside another process")),
    }
}

/// Paths a client names are relative to its folder, not to the owner's.
fn absolute(request: Request) -> Request {
    let whole = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    match request {
        Request::Export(ExportArgs { format, query, out }) => {
            Request::Export(ExportArgs { format, query, out: out.map(whole) })
        }
        Request::Verify(VerifyArgs { file }) => Request::Verify(VerifyArgs { file: whole(file) }),
        Request::Audit(request) => Request::Audit(privacy::absolute(request, whole)),
        Request::Deconflict(request) => Request::Deconflict(deconflict::absolute(request, whole)),
        Request::Referrals(ReferralsRequest::Outcomes { file, platform, actor }) if file.as_os_str() != "-" => {
            Request::Referrals(ReferralsRequest::Outcomes { file: whole(file), platform, actor })
        }
        other => other,
    }
}

/// An [`AppError`] as this program ends with it; problems of files are printed one by one.
fn failure(error: AppError, output: &Output) -> Failure {
    match error {
        AppError::Configuration(problems) => {
            for problem in &problems {
                output.note(problem.to_string());
            }
            let count = problems.len();
            let message = if count == 1 {
                "1 problem in the configuration".to_owned()
            } else {
                format!("{count} problems in the configuration")
            };
            Failure::new(Exit::Configuration, message).hint("mend them and run `listingwatch check`")
        }
        error @ AppError::Lock(LockError::Owned { .. }) => Failure::new(Exit::Configuration, error.to_string())
            .hint("wait until it ends, or name another directory with --data"),
        error @ AppError::Lock(LockError::Io { .. }) => {
            Failure::new(Exit::Configuration, error.to_string()).hint("name a folder you may write to with --data")
        }
        error @ AppError::NewerLayout { .. } => Failure::new(Exit::Configuration, error.to_string()).hint(
            "use the newer version, or another directory with --data; a damaged file is put right from the backup",
        ),
        AppError::Room(error) => Failure::new(Exit::Internal, format!("{error:#}")),
    }
}

/// Who acts: the person named, or else the user of this machine.
fn actor(named: Option<&str>) -> Result<Actor, Failure> {
    match named {
        None => Ok(Actor::machine_user(&std::env::var("USER").unwrap_or_else(|_| "local".to_owned()))),
        Some(name) => Actor::named(name).map_err(|error| {
            Failure::usage(error.to_string()).hint("write the name of the person who acts, as in `--as anna`")
        }),
    }
}

impl From<crate::store::truth::TruthError> for Failure {
    fn from(error: crate::store::truth::TruthError) -> Self {
        use crate::store::truth::TruthError as E;
        let exit = match &error {
            E::NotFound { .. } | E::Query(_) | E::Invalid(_) | E::Name(_) => Exit::Usage,
            E::Step(_) | E::Notice(_) | E::Conflict(_) | E::Held(_) | E::Refused(_) => Exit::Policy,
            E::NewerSchema { .. } => Exit::Configuration,
            _ => Exit::Internal,
        };
        let hint = match &error {
            E::Notice(missing) => Some(missing.hint.to_owned()),
            E::NewerSchema { .. } => Some("use the newer version of the program".to_owned()),
            E::Sqlite(rusqlite::Error::SqliteFailure(failure, _)) if failure.code == rusqlite::ErrorCode::DiskFull => {
                Some("free space on the disk of the data directory and run it again; nothing was changed".to_owned())
            }
            E::Name(_) => Some("give the token to a person, as in `token create --owner anna`".to_owned()),
            E::Step(_) => Some("`listingwatch referrals show ID` lists what happened so far".to_owned()),
            _ => None,
        };
        Failure { exit, message: error.to_string(), hint }
    }
}

impl From<crate::engine::recheck::RecheckError> for Failure {
    fn from(error: crate::engine::recheck::RecheckError) -> Self {
        use crate::engine::recheck::RecheckError as E;
        match error {
            E::Truth(error) => error.into(),
            E::Record(_) | E::Panic => {
                Failure::new(Exit::Internal, error.to_string()).hint("run it again; nothing was changed")
            }
        }
    }
}

impl From<crate::store::keys::KeyFileError> for Failure {
    fn from(error: crate::store::keys::KeyFileError) -> Self {
        Failure::new(Exit::Internal, error.to_string()).hint("make the folder keys/ of the data directory writable")
    }
}
