//! What leaves: wire views, feeds, webhook, e-mail.
