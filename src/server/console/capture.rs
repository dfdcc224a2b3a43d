//! A captured page as it was published, shown so that it can do nothing: a page of ours with the captured one in a frame.
//!
//! The frame has an origin of its own, no scripts, no forms, and may load nothing from anywhere. Pictures that the page
//! carries within itself stay out until somebody asks for them, and then come blurred until somebody asks again.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::outbound::wire::HitView;
use crate::server::console::session::{Turned, Visitor};
use crate::server::console::{Frame, page};
use crate::server::evidence::read_capture;
use crate::server::problem::Problem;
use crate::server::request::Params;
use crate::server::state::ServerState;
use crate::server::work;

/// A captured page may be hostile: a sandbox of its own origin, without scripts, forms, pictures or outside requests.
const POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// The same, with the pictures that the page holds within itself.
const POLICY_WITH_IMAGES: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
                                  base-uri 'none'; frame-ancestors 'self'";

#[derive(Deserialize)]
pub(super) struct ImagesQuery {
    images: Option<String>,
}

/// How much of a page's pictures is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Images {
    None,
    Blurred,
    Clear,
}

impl Images {
    fn of(asked: Option<&str>) -> Result<Self, Problem> {
        match asked {
            None | Some("none") => Ok(Images::None),
            Some("blurred") => Ok(Images::Blurred),
            Some("clear") => Ok(Images::Clear),
            Some(other) => Err(Problem::bad_request(format!("no images `{other}`; use none, blurred or clear"))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Images::None => "none",
            Images::Blurred => "blurred",
            Images::Clear => "clear",
        }
    }
}

#[derive(Template)]
#[template(path = "console/capture.html")]
struct CapturePage {
    frame: Frame,
    case: String,
    hit: HitView,
    images: Images,
}

/// Our page around the captured one.
pub(super) async fn view(
    State(state): State<ServerState>,
    visitor: Visitor,
    Path((id, hit)): Path<(String, String)>,
    Params(query): Params<ImagesQuery>,
) -> Result<Response, Turned> {
    let case = work::case(&state, &visitor.who, &id).await?;
    let found = case.hits.into_iter().find(|held| held.id == hit).ok_or_else(|| Problem::not_found("hit", &hit))?;
    let images = Images::of(query.images.as_deref())?;
    let frame = Frame::new(&state, "Captured page", "inbox", &visitor);
    Ok(page(&CapturePage { frame, case: id, hit: found, images })?.into_response())
}

/// The captured page itself, for the frame only.
pub(super) async fn frame(
    State(state): State<ServerState>,
    visitor: Visitor,
    Path((id, hit)): Path<(String, String)>,
    headers: HeaderMap,
    Params(query): Params<ImagesQuery>,
) -> Result<Response, Turned> {
    // Browsers say what they want a document for. Outside the frame the page around it is what they get.
    if headers.get("sec-fetch-dest").is_some_and(|wanted| wanted == "document") {
        return Ok(Redirect::to(&format!("/console/referrals/{id}/page/{hit}")).into_response());
    }
    let images = Images::of(query.images.as_deref())?;
    let record = read_capture(&state, &visitor.who, &id, &hit).await?;
    let kept = record.to_capture().ok_or_else(|| Problem::not_found("captured page", &hit))?;
    // Only HTML is shown as such; whatever else a platform served is text to a browser.
    let kind = match kept.header("content-type").map(str::to_ascii_lowercase) {
        Some(kind) if kind.starts_with("text/html") || kind.starts_with("application/xhtml") => {
            let charset = kind.split_once("charset=").map_or("", |(_, charset)| charset.trim_matches(['"', '\'', ' ']));
            let plain = charset.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if charset.is_empty() || !plain { "text/html".to_owned() } else { format!("text/html; charset={charset}") }
        }
        _ => "text/plain; charset=utf-8".to_owned(),
    };
    let policy = if images == Images::None { POLICY } else { POLICY_WITH_IMAGES };
    let headers = [(CONTENT_TYPE, kind.as_str()), (CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-store")];
    Ok((headers, kept.body.to_vec()).into_response())
}
