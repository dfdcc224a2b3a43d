//! One binary of integration tests: the real program against loopback servers.

mod hot;
