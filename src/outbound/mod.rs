//! What leaves the house: wire views, feeds, webhooks, e-mail, notices in HTML, signed links.
//!
//! Owns: the shapes outsiders receive, redaction, signatures, what an answer to a delivery means and when to try again.
//! Never: opens a store, decides who may see a case, opens a connection except to the configured mail server; webhooks
//! leave through a [`webhook::WebhookSender`] that the program wires to the guarded client.
//! Start reading: [`wire::CaseView`], then [`webhook::deliver`].

pub mod escape;
pub mod feeds;
pub mod highlight;
pub mod links;
pub mod mail;
pub mod notice_html;
pub mod retry;
pub mod webhook;
pub mod wire;
