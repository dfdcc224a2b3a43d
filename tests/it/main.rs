//! One binary of integration tests: the real program against loopback servers.

mod benchmark;
mod config;
mod control;
mod crawl;
mod demo_site;
mod detection;
mod discovery;
mod hostile;
mod hostile_text;
mod hot;
mod hub_attacks;
mod hub_browser;
mod hub_roles;
mod identity;
mod killed;
mod mockserver;
mod program;
mod push;
mod rebuilt;
mod referral_loop;
mod refused;
mod retry;
mod shop;
mod tidy;
mod warc;
mod watchlist;
