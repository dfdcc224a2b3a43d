//! One binary of integration tests: the real program against loopback servers.

mod config;
mod demo_site;
mod hot;
mod hub_attacks;
mod referral_loop;
mod shop;
mod tidy;
mod warc;
