//! One binary of integration tests: the real program against loopback servers.

mod config;
mod demo_site;
mod hot;
mod tidy;
mod warc;
