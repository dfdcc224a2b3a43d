//! The keys that sign the crawler's requests: show, rotate.

use crate::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::IdentityRequest;
use crate::evidence::audit::Said;
use crate::vocab::identity::{DIRECTORY_PATH, Rotation};

pub(super) fn run(app: &App, request: &IdentityRequest, output: &Output) -> Result<Exit, Failure> {
    let now = app.rooms.now();
    let identity = &app.rooms.identity;
    if let IdentityRequest::Rotate { now: at_once } = request {
        let how = if *at_once { Rotation::AtOnce } else { Rotation::Announced };
        let before = identity.keys().signing(now).thumbprint().to_owned();
        let keys = app.rooms.keys.rotate_crawler(how, now)?;
        let newest = keys.published(now).next().map(|key| key.thumbprint().to_owned()).unwrap_or_default();
        // A running server and its scans use the new keys from the next request on.
        identity.replace(keys);
        let detail = serde_json::json!({ "before": before, "at_once": at_once }).to_string();
        let said =
            Said { actor: &super::actor(None)?, action: "rotate-crawler-key", subject: &newest, detail: &detail };
        app.rooms.truth.note(&said, now)?;
        if *at_once {
            output.note("the old key is withdrawn; tell platforms that keep keys themselves");
        }
    }
    let keys = identity.keys();
    if output.json {
        let mut document = keys.directory(identity.agent(), now);
        document["signing"] = keys.signing(now).thumbprint().into();
        output.json_document(&document)?;
        return Ok(Exit::Done);
    }
    let signing = keys.signing(now).thumbprint().to_owned();
    for key in keys.published(now) {
        let use_of = match key.published_until {
            _ if key.thumbprint() == signing => "signs now".to_owned(),
            Some(until) => format!("no longer signs, published until {until}"),
            None => format!("announced, signs from {}", key.signs_from),
        };
        output.line(format!("{}  ed25519 {}  made {}  {use_of}", key.thumbprint(), key.public(), key.made))?;
    }
    match identity.agent() {
        Some(agent) => output.line(format!("directory  {agent}{DIRECTORY_PATH}"))?,
        None => output.note("hint: set [hub] public_url, so that signed requests say where platforms find these keys"),
    }
    Ok(Exit::Done)
}
