//! Platform files and settings, parsed once into validated types, every problem with its place.
