//! One binary of integration tests: the real program against loopback servers.

mod config;
mod hot;
mod warc;
