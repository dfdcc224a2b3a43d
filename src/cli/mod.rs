//! Commands: one file a group, parsed once into typed requests.
