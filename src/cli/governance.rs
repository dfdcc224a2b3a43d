//! Mandates, tokens, platforms, the audit log, the installation.

use std::sync::Arc;

use crate::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::{MandateRequest, PlatformsRequest, TokenRequest};
use crate::config::units;
use crate::evidence::audit::Said;
use crate::outbound::webhook::SigningKeys;
use crate::report::coverage::in_words;
use crate::store::truth::{Mandate, Role};
use crate::vocab::ids::{MandateId, PlatformId};
use crate::vocab::platform::Platform;

pub(super) fn mandate(app: &App, request: &MandateRequest, output: &Output) -> Result<Exit, Failure> {
    let truth = &app.rooms.truth;
    let parse = |id: &str| MandateId::parse(id).map_err(|error| Failure::usage(error.to_string()));
    match request {
        MandateRequest::Create { id, authority, reference, purpose, budget, bytes, expires } => {
            let id = parse(id)?;
            let expires: jiff::civil::Date = expires.parse().map_err(|_| {
                Failure::usage(format!("--expires: `{expires}` is not a day")).hint("write it as 2027-12-31")
            })?;
            let today = app.rooms.now().date();
            if expires < today {
                return Err(Failure::usage(format!("--expires: {expires} is over"))
                    .hint(format!("name the last day the mandate is in force, {today} or later")));
            }
            let bytes = bytes
                .as_deref()
                .map(units::size)
                .transpose()
                .map_err(|error| Failure::usage(format!("--bytes: {error}")).hint("write 500MiB or 2GiB"))?;
            let mandate = Mandate {
                id: id.to_string(),
                authority: authority.clone(),
                reference: reference.clone(),
                purpose: purpose.clone(),
                budget: *budget,
                spent: 0,
                budget_bytes: bytes,
                spent_bytes: 0,
                expires,
                revoked: None,
            };
            truth.create_mandate(&mandate, &super::actor(None)?, app.rooms.now())?;
            if output.json {
                output.json_document(&mandate)?
            } else {
                output.line(format!("mandate {id} is on record until {expires}"))?
            }
        }
        MandateRequest::List => {
            for mandate in truth.mandates()? {
                if output.json {
                    output.json_line(&mandate)?;
                } else {
                    let state = mandate
                        .refuses(app.rooms.now())
                        .unwrap_or_else(|| format!("in force until {}", mandate.expires));
                    output.line(format!(
                        "{}  {}  {}  {} pages, {} MiB used  {state}",
                        mandate.id,
                        mandate.authority,
                        mandate.reference,
                        mandate.spent,
                        mandate.spent_bytes.div_ceil(1 << 20)
                    ))?;
                }
            }
        }
        MandateRequest::Revoke { id } => {
            truth.revoke_mandate(&parse(id)?, &super::actor(None)?, app.rooms.now())?;
            output.note(format!("mandate {id} is revoked"));
        }
    }
    Ok(Exit::Done)
}

pub(super) fn token(app: &App, request: &TokenRequest, output: &Output) -> Result<Exit, Failure> {
    let truth = &app.rooms.truth;
    let now = app.rooms.now();
    match request {
        TokenRequest::Create { role, owner, platform, expires } => {
            let role = role.parse::<Role>().map_err(|unknown| {
                Failure::usage(format!("no role `{role}`")).hint(format!("roles are {}", unknown.known.join(", ")))
            })?;
            let platform = platform
                .as_deref()
                .map(PlatformId::parse)
                .transpose()
                .map_err(|error| Failure::usage(error.to_string()))?;
            if let Some(id) = platform.as_ref().filter(|id| app.platform(id).is_none()) {
                output.note(format!("hint: there is no platform file for `{id}` yet"));
            }
            let expires = match expires {
                Some(text) => {
                    let life = units::duration(text)
                        .map_err(|error| Failure::usage(format!("--expires: {error}")).hint("write 90d"))?;
                    Some(now.after(life))
                }
                None => None,
            };
            let (id, secret) =
                truth.create_token(role, owner, platform.as_ref(), expires, &super::actor(None)?, now)?;
            if output.json {
                output.json_document(&serde_json::json!({ "id": id, "token": secret, "expires": expires }))?;
            } else {
                output.line(secret)?;
                let data = app.paths().data.display();
                output.note(format!("token {id} for {owner} in `{data}`; it is shown this once and stored as a hash"));
            }
        }
        TokenRequest::List => {
            for token in truth.tokens()? {
                if output.json {
                    output.json_line(&token)?;
                } else {
                    let state = match (token.revoked, token.expires) {
                        (Some(at), _) => format!("revoked {at}"),
                        (None, Some(at)) => format!("until {at}"),
                        (None, None) => "without end".to_owned(),
                    };
                    let platform = token.platform.as_deref().unwrap_or("all platforms");
                    output.line(format!("{}  {}  {}  {platform}  {state}", token.id, token.role, token.owner))?;
                }
            }
        }
        TokenRequest::Revoke { id } => {
            truth.revoke_token(id, &super::actor(None)?, now)?;
            output.note(format!("token {id} is revoked"));
        }
    }
    Ok(Exit::Done)
}

pub(super) fn platforms(app: &App, request: &PlatformsRequest, output: &Output) -> Result<Exit, Failure> {
    let find = |id: &str| -> Result<Arc<Platform>, Failure> {
        PlatformId::parse(id).ok().and_then(|id| app.platform(&id)).ok_or_else(|| {
            Failure::usage(format!("no platform `{id}`")).hint("`listingwatch platforms list` shows them")
        })
    };
    match request {
        PlatformsRequest::List => {
            for platform in app.platforms() {
                let paused = app.rooms.truth.is_paused(&platform.id)?;
                let agreement = &platform.agreement;
                if output.json {
                    output.json_line(&serde_json::json!({ "id": platform.id, "name": platform.name, "kind": platform.kind,
                        "reference": agreement.reference, "valid_from": agreement.valid_from, "valid_until": agreement.valid_until,
                        "in_force": agreement.in_force(app.rooms.now()), "paused": paused }))?;
                } else {
                    let force = if agreement.in_force(app.rooms.now()) { "in force" } else { "NOT in force" };
                    let paused = if paused { ", paused" } else { "" };
                    output.line(format!(
                        "{}  {}  {} ({force} until {}{paused})",
                        platform.id, platform.name, agreement.reference, agreement.valid_until
                    ))?;
                }
            }
        }
        PlatformsRequest::Show { id } => {
            show_platform(app, &*find(id)?, output)?;
        }
        PlatformsRequest::Pause { id } => {
            app.rooms.truth.set_paused(&find(id)?.id, true, &super::actor(None)?, app.rooms.now())?;
            output.note(format!("{id} is paused; nothing is fetched from it"));
        }
        PlatformsRequest::Resume { id } => {
            app.rooms.truth.set_paused(&find(id)?.id, false, &super::actor(None)?, app.rooms.now())?;
            output.note(format!("{id} is resumed"));
        }
        PlatformsRequest::Keys { id, rotate } => {
            let id = &find(id)?.id;
            let keys = if *rotate { app.rooms.keys.rotate_webhook(id)? } else { app.rooms.keys.webhook(id)? };
            let signing = SigningKeys::parse(&keys).map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
            // The secret is what the platform verifies with (HMAC); of the key pair it gets the public half only.
            let secrets: Vec<&String> = keys.iter().filter(|key| key.starts_with("whsec_")).collect();
            let action = if *rotate { "rotate-webhook-keys" } else { "show-webhook-keys" };
            let said = Said { actor: &super::actor(None)?, action, subject: id.as_str(), detail: "{}" };
            app.rooms.truth.note(&said, app.rooms.now())?;
            if output.json {
                output
                    .json_document(&serde_json::json!({ "secrets": secrets, "public_keys": signing.public_keys() }))?;
            } else {
                for secret in secrets {
                    output.line(format!("v1   {secret}"))?;
                }
                for key in signing.public_keys() {
                    output.line(format!("v1a  {key}"))?;
                }
            }
        }
    }
    Ok(Exit::Done)
}

fn show_platform(app: &App, platform: &Platform, output: &Output) -> Result<(), Failure> {
    let (agreement, crawl, policy) = (&platform.agreement, &platform.crawl, &platform.referral);
    let hosts: Vec<String> = platform.hosts.iter().map(ToString::to_string).collect();
    let paused = app.rooms.truth.is_paused(&platform.id)?;
    let in_force = agreement.in_force(app.rooms.now());
    // The pace owed to each host met so far, who waits and why, and what its control file asks for.
    let gate = &app.rooms.gate;
    let met: Vec<_> = app
        .rooms
        .hot
        .hosts(&platform.id)
        .into_iter()
        .map(|host| {
            let waits = gate.stands_in_the_way(platform, &host);
            (gate.delay_of(platform, &host), waits, gate.control_in_words(platform, &host), host)
        })
        .collect();
    if output.json {
        let met: Vec<_> = met
            .iter()
            .map(|(delay, waits, control, host)| {
                serde_json::json!({ "host": host, "delay_seconds": delay.as_secs_f64(), "control": control,
                    "waits": waits.map(|(reason, until)| serde_json::json!({ "reason": reason, "until": until })) })
            })
            .collect();
        return output.json_document(&serde_json::json!({
            "id": platform.id, "name": platform.name, "kind": platform.kind, "hosts": hosts,
            "basis": agreement.basis, "reference": agreement.reference, "authority": agreement.authority,
            "valid_from": agreement.valid_from, "valid_until": agreement.valid_until, "in_force": in_force,
            "contact": agreement.contact, "uses": agreement.uses, "rate": crawl.rate.to_string(), "max_pages": crawl.max_pages,
            "channels": policy.channels, "jurisdictions": policy.jurisdictions, "approval": policy.approval,
            "cron": platform.schedule.as_ref().map(|schedule| &schedule.cron), "paused": paused, "met": met,
        }));
    }
    let force = if in_force { "in force" } else { "NOT in force" };
    output.line(format!("{}  {}", platform.id, platform.name))?;
    output.line(format!("agreement  {} with {}", agreement.reference, agreement.authority))?;
    output.line(format!("           {} to {}, {force}", agreement.valid_from, agreement.valid_until))?;
    let uses: Vec<&str> = agreement.uses.iter().map(|one| one.name()).collect();
    output.line(format!("uses       {}", if uses.is_empty() { "none".to_owned() } else { uses.join(", ") }))?;
    output.line(format!("contact    {}", agreement.contact))?;
    output.line(format!("scope      {}", hosts.join(", ")))?;
    output.line(format!("pace       at most {}, {} pages a scan", crawl.rate, crawl.max_pages))?;
    output.line(format!("referrals  by {:?}, for {}", policy.channels, policy.jurisdictions.join(", ")))?;
    let cron = platform.schedule.as_ref().map_or("by hand", |schedule| schedule.cron.as_str());
    output.line(format!("scans      {cron}{}", if paused { ", paused" } else { "" }))?;
    for (delay, waits, control, host) in met {
        let waits = waits.map_or_else(String::new, |(reason, until)| {
            let until = until.map_or_else(String::new, |until| format!(" until {until}"));
            format!(", waits{until}: {}", in_words(reason))
        });
        output.line(format!("host       {host}  {} s between requests{waits}", delay.as_secs_f64()))?;
        for line in control {
            output.line(format!("           {line}"))?;
        }
    }
    Ok(())
}

pub(super) fn emerging(app: &App, output: &Output) -> Result<Exit, Failure> {
    let found = app.rooms.truth.emerging()?;
    for name in &found.names {
        if output.json {
            output.json_line(name)?;
        } else {
            output.line(format!(
                "{:<40} {:<24} {} listings, last seen {}",
                name.surface,
                name.subclass.as_deref().unwrap_or_default(),
                name.listings,
                name.last_seen
            ))?;
        }
    }
    if found.names.is_empty() {
        output.note("no name outside the list was found so far");
    }
    if found.hidden > 0 {
        let count = found.hidden;
        output.note(format!(
            "{count} more hidden: a seller or a contact is called like them, and no two other sellers use them"
        ));
    }
    Ok(Exit::Done)
}
