//! The bundled synthetic marketplace on loopback.
