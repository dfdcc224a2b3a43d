//! Who asks, and what they may see. A platform's people never learn that another platform's case exists.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{AUTHORIZATION, HeaderMap};
use axum::http::request::Parts;

use crate::outbound::wire::Reader;
use crate::referral::state::ReferralState;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::server::tls::Peer;
use crate::store::truth::query::Sight;
use crate::store::truth::{CaseFilter, Principal, Role};
use crate::vocab::ids::{PlatformId, ReferralId};

/// The holder of a valid bearer token.
#[derive(Debug, Clone)]
pub struct Caller(pub Principal);

/// The holder of a valid token, sent as bearer token or as the password of HTTP Basic: feed readers know nothing else.
#[derive(Debug, Clone)]
pub struct FeedReader(pub Principal);

impl FromRequestParts<ServerState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Problem> {
        principal(parts, state, bearer(&parts.headers), false).await.map(Caller)
    }
}

impl FromRequestParts<ServerState> for FeedReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).or_else(|| basic_password(&parts.headers));
        principal(parts, state, token, true).await.map(FeedReader)
    }
}

async fn principal(
    parts: &Parts,
    state: &ServerState,
    token: Option<String>,
    basic: bool,
) -> Result<Principal, Problem> {
    let Some(token) = token else { return Err(Problem::unauthorized(basic)) };
    let address = address_of(parts);
    match check_token(state, token, &address)? {
        Some(principal) => {
            state.limiter().request(&principal.token)?;
            Ok(principal)
        }
        None => Err(Problem::unauthorized(basic)),
    }
}

/// Who a token stands for; a wrong one costs the address it came from.
pub(super) fn check_token(state: &ServerState, token: String, address: &str) -> Result<Option<Principal>, Problem> {
    let now = state.now();
    let principal = state.look_up(|truth| truth.principal(&token, now))?;
    if principal.is_none() {
        state.limiter().failure(address)?;
    }
    Ok(principal)
}

/// The address a request came from. Behind a proxy all strangers share one bucket, which errs on the careful side.
pub(super) fn address_of(parts: &Parts) -> String {
    parts.extensions.get::<ConnectInfo<Peer>>().map_or_else(String::new, |peer| peer.0.0.ip().to_string())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn basic_password(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, coded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = data_encoding::BASE64.decode(coded.trim().as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

/// What a role may do, asked where it is done.
pub trait Rights {
    /// Decides on cases of all platforms.
    ///
    /// # Errors
    /// When the role does not.
    fn must_decide(&self) -> Result<(), Problem>;
    /// Reads what is an authority's to read. `what` is named where the role does not: `open this page`.
    ///
    /// # Errors
    /// When the role does not.
    fn must_oversee(&self, what: &str) -> Result<(), Problem>;
    /// Reads the archive.
    ///
    /// # Errors
    /// When the role does not.
    fn must_research(&self) -> Result<(), Problem>;
    /// Whose eyes a case is shown to; `None` for roles that see no cases.
    fn reader(&self) -> Option<Reader>;
    /// What of the archive the holder's queries may reach.
    fn sight(&self) -> Sight;
    /// Restricts a list to what the holder may see.
    ///
    /// # Errors
    /// When the role sees no cases.
    fn narrow(&self, filter: CaseFilter) -> Result<CaseFilter, Problem>;
    /// Whether a case of `platform` in `state` exists for the holder.
    fn sees(&self, platform: &PlatformId, state: &ReferralState) -> bool;
}

impl Rights for Principal {
    fn must_decide(&self) -> Result<(), Problem> {
        match self.role {
            Role::Authority | Role::Admin => Ok(()),
            _ => Err(Problem::forbidden("only an authority decides on this")),
        }
    }

    fn must_oversee(&self, what: &str) -> Result<(), Problem> {
        match self.role {
            Role::Authority | Role::Admin => Ok(()),
            _ => Err(Problem::forbidden(format!("only an authority can {what}"))),
        }
    }

    fn must_research(&self) -> Result<(), Problem> {
        match self.role {
            Role::Authority | Role::Admin | Role::Researcher => Ok(()),
            _ => Err(Problem::forbidden("only authorities and researchers read the archive")),
        }
    }

    fn reader(&self) -> Option<Reader> {
        match self.role {
            Role::Authority | Role::Admin => Some(Reader::Authority),
            Role::Moderator => Some(Reader::Platform),
            Role::Researcher | Role::Platform => None,
        }
    }

    fn sight(&self) -> Sight {
        match self.role {
            Role::Authority | Role::Admin => Sight::Whole,
            Role::Moderator | Role::Researcher | Role::Platform => Sight::Research,
        }
    }

    fn narrow(&self, mut filter: CaseFilter) -> Result<CaseFilter, Problem> {
        match self.reader() {
            None => Err(Problem::forbidden("this role sees no referrals")),
            Some(Reader::Authority) => Ok(filter),
            Some(Reader::Platform) => {
                // A platform that is not the holder's has no cases for them; asking for it is answered with an empty list.
                if filter.platform.as_ref().is_some_and(|asked| Some(asked) != self.platform.as_ref()) {
                    filter.limit = 0;
                }
                filter.platform.clone_from(&self.platform);
                filter.visible_to_platform = true;
                Ok(filter)
            }
        }
    }

    fn sees(&self, platform: &PlatformId, state: &ReferralState) -> bool {
        match self.reader() {
            Some(Reader::Authority) => true,
            Some(Reader::Platform) => self.platform.as_ref() == Some(platform) && state.is_visible_to_platform(),
            None => false,
        }
    }
}

/// Reads a case's id and makes sure that the case exists for the holder; where it does not, the answer is the same as for
/// an id that nobody has.
///
/// # Errors
/// Not found, or forbidden for roles that see no cases at all.
pub(super) async fn visible_case(
    state: &ServerState,
    who: &Principal,
    id: &str,
) -> Result<(ReferralId, PlatformId, ReferralState), Problem> {
    if who.reader().is_none() {
        return Err(Problem::forbidden("this role sees no referrals"));
    }
    let missing = || Problem::not_found("referral", id);
    let referral = ReferralId::parse(id).map_err(|_| missing())?;
    let (platform, held) = match state.look_up(|truth| truth.referral_state(&referral)) {
        Err(problem) if problem.status == 404 => return Err(missing()),
        other => other?,
    };
    if who.sees(&platform, &held) { Ok((referral, platform, held)) } else { Err(missing()) }
}
