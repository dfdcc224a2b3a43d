//! One delivery by its channel: feed, webhook or e-mail.

use std::sync::Arc;

use crate::engine::rooms::Rooms;
use crate::outbound::mail::{Mail, Mailer};
use crate::outbound::webhook::{
    self, Attempt, SendError, Sending, SigningKeys, WebhookAnswer, WebhookRequest, WebhookSender,
};
use crate::outbound::wire::{ChangeView, EventData, EventView};
use crate::referral::changes::parts_of;
use crate::referral::issued::IssuedKind;
use crate::referral::language::Catalogue;
use crate::referral::state::ReferralState;
use crate::store::truth::{Brought, Delivery, ReferralFull, ReferralRow, TruthError};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::ReferralId;
use crate::vocab::platform::{Channel, Platform};
use crate::vocab::terms::Message;

/// Tries one delivery. What fails for reasons of our own (no mail server set) is tried again like everything else: the
/// reason stands in the case until somebody mends it.
///
/// # Errors
/// When the record of truth fails.
pub async fn attempt(rooms: &Arc<Rooms>, platform: &Arc<Platform>, delivery: &Delivery) -> Result<Attempt, TruthError> {
    let policy = &platform.referral;
    let target = match delivery.channel {
        // The feed is read from the store: being there is being published.
        Channel::Feed => {
            return Ok(Attempt::Delivered { receipt: format!("published as {}", delivery.idempotency_key) });
        }
        Channel::Webhook => policy.webhook.clone(),
        Channel::Email => policy.email.clone(),
    };
    let Some(target) = target else {
        return Ok(Attempt::Disabled { error: "the platform file names no target for this channel".to_owned() });
    };
    if let Some(reason) = rooms.truth.disabled_target(&platform.id, delivery.channel, &target)? {
        return Ok(Attempt::Disabled { error: reason });
    }
    let full = rooms.truth.referral(&delivery.referral)?;
    if !full.lifecycle.is_visible_to_platform() {
        return Ok(Attempt::Disabled { error: "the case was held or closed before it left".to_owned() });
    }
    if delivery.message == Message::Changed
        && let Some(error) = no_longer_told(rooms, &delivery.referral, &full.lifecycle)?
    {
        return Ok(Attempt::Lapsed { error });
    }
    let terms = rooms.notice_terms(&delivery.referral, full.row.updated);
    let event = delivery.event().unwrap_or_default();
    let brought = match rooms.truth.told_with(&full, platform, event, terms) {
        Ok(brought) => brought,
        // Approved notices were complete; one of before they were kept that no longer is waits for whoever took the field away.
        Err(TruthError::Notice(missing)) => {
            return Ok(Attempt::Later { error: format!("{missing}: {}", missing.hint), asked: None });
        }
        Err(TruthError::Erased(error)) => return Ok(Attempt::Lapsed { error }),
        Err(error) => return Err(error),
    };
    let attempt = match delivery.channel {
        Channel::Webhook => by_webhook(rooms, platform, delivery, &target, full.row, brought).await,
        Channel::Feed | Channel::Email => by_mail(rooms, delivery, (&target, platform), &full, brought).await,
    };
    if let Attempt::Disabled { error } = &attempt {
        rooms.truth.disable_target(&platform.id, delivery.channel, &target, error, rooms.now())?;
    }
    Ok(attempt)
}

/// Why a change is not told any more: since it was seen the case was decided, taken back or held back.
fn no_longer_told(rooms: &Rooms, referral: &ReferralId, state: &ReferralState) -> Result<Option<String>, TruthError> {
    if !state.is_open_at_platform() {
        return Ok(Some(format!("the case became `{state}` before the change left")));
    }
    Ok(rooms.truth.held_back(referral)?.map(|mark| format!("the case is held back: {mark}")))
}

async fn by_webhook(
    rooms: &Arc<Rooms>,
    platform: &Arc<Platform>,
    delivery: &Delivery,
    target: &str,
    row: ReferralRow,
    brought: Brought,
) -> Attempt {
    let later = |error: String| Attempt::Later { error, asked: None };
    let keys = match rooms.keys.webhook(&platform.id) {
        Ok(lines) => lines,
        Err(error) => return later(error.to_string()),
    };
    let keys = match SigningKeys::parse(&keys) {
        Ok(keys) => keys,
        Err(error) => return later(error.to_string()),
    };
    let Ok(url) = FoundUrl::parse(target, None) else {
        return Attempt::Disabled { error: "the webhook's address cannot be read".to_owned() };
    };
    let told = match delivery.event().filter(|_| delivery.message == Message::Changed) {
        Some(event) => rooms.truth.changes_told(event),
        None => Ok(Vec::new()),
    };
    let told = match told {
        Ok(told) => told,
        Err(error) => return later(error.to_string()),
    };
    let step = match delivery.event() {
        Some(seq) => rooms.truth.step_named(seq).map(|step| (seq, step.unwrap_or_default())),
        None => Ok((0, String::new())),
    };
    let (sequence, step) = match step {
        Ok(step) => step,
        Err(error) => return later(error.to_string()),
    };
    let event = EventView {
        sequence,
        what_changed: parts_of(&step, &told),
        kind: delivery.message,
        timestamp: delivery.created,
        data: EventData {
            url: Some(format!("{}/api/v1/referrals/{}", rooms.desk.public_url, row.id)),
            referral: row,
            notice: brought.notice,
            document: brought.document,
            changes: told.into_iter().map(ChangeView::from).collect(),
        },
    };
    let sender = Guarded { rooms: rooms.clone(), platform: platform.clone(), url };
    webhook::deliver(&sender, &keys, target, &delivery.idempotency_key, event.line(), rooms.now()).await
}

/// The way out for webhooks: the client whose address guard the crawler uses.
struct Guarded {
    rooms: Arc<Rooms>,
    platform: Arc<Platform>,
    url: FoundUrl,
}

impl WebhookSender for Guarded {
    fn send(&self, request: WebhookRequest) -> Sending<'_> {
        Box::pin(async move {
            let ranges = &self.platform.crawl.private_addresses;
            match self.rooms.poster.post(&self.url, ranges, &request.headers, request.body).await {
                Ok(posted) => {
                    Ok(WebhookAnswer { status: posted.status, retry_after: posted.retry_after, body: posted.body })
                }
                Err(error) => Err(SendError::NoAnswer(error.into())),
            }
        })
    }
}

async fn by_mail(
    rooms: &Arc<Rooms>,
    delivery: &Delivery,
    (to, platform): (&str, &Platform),
    full: &ReferralFull,
    brought: Brought,
) -> Attempt {
    let later = |error: String| Attempt::Later { error, asked: None };
    let Some(smtp) = &rooms.settings.smtp else {
        return later("no mail server is set: fill in [smtp] in listingwatch.toml".to_owned());
    };
    let mailer = match Mailer::new(smtp.url.expose(), &smtp.from) {
        Ok(mailer) => mailer,
        Err(error) => return later(error.to_string()),
    };
    let row = &full.row;
    let forms = match brought.forms {
        None if brought.notice.is_some() => {
            // The case left before its documents were kept.
            match rooms.truth.notice_forms(full, platform, rooms.notice_terms(&delivery.referral, row.updated)) {
                Ok(forms) => Some(forms),
                Err(error) => return later(error.to_string()),
            }
        }
        forms => forms,
    };
    let head = forms.as_ref().and_then(|forms| forms.head.as_ref());
    let words = Catalogue::of(head.map_or(platform.referral.language.as_str(), |head| head.language.as_str()));
    let about = [("referral", row.id.as_str()), ("title", row.title.as_str())];
    let reminds = delivery.message == Message::Updated && full.reminders > 0;
    let subject = match head.map(|head| head.kind) {
        Some(IssuedKind::Withdrawal | IssuedKind::Correction) => words.fill("mail.withdrawn_subject", &about[..1]),
        Some(IssuedKind::Warning) => words.fill("following.warning_heading", &about[..1]),
        Some(IssuedKind::Reminder) => words.fill("mail.reminder", &about),
        Some(IssuedKind::Notice) => words.fill("mail.subject", &about),
        None if forms.is_none() => words.fill("mail.withdrawn_subject", &about[..1]),
        None if reminds => words.fill("mail.reminder", &about),
        None => words.fill("mail.subject", &about),
    };
    let mail = Mail {
        referral: delivery.referral.clone(),
        idempotency_key: delivery.idempotency_key.clone(),
        first: delivery.message == Message::Created,
        to: to.to_owned(),
        language: words.code.to_owned(),
        subject,
        text: forms.as_ref().map_or_else(|| words.fill("mail.withdrawn", &about), |forms| forms.text.clone()),
        html: forms.map(|forms| forms.html),
    };
    match mailer.send(&mail, rooms.now()).await {
        Ok(attempt) => attempt,
        Err(error) => later(error.to_string()),
    }
}
