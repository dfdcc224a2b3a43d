//! HTTPS without a proxy: certificate and key from PEM files, and who is at the other end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("`{path}` holds no {what}: {source}", path = path.display())]
    Pem {
        /// File.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// Cause.
        source: rustls::pki_types::pem::Error,
    },
    /// Key and certificate do not go together, or are of a kind that is not known.
    #[error("certificate and key cannot be used: {0}")]
    Refused(#[from] rustls::Error),
}

/// Reads a certificate chain and its key, both PEM. HTTP/1.1 and HTTP/2 are offered, TLS 1.2 and 1.3.
///
/// # Errors
/// When a file holds not what it should, or the two do not fit.
pub fn tls_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let failed = |path: &Path, what| {
        let path = path.to_owned();
        move |source| TlsError::Pem { path, what, source }
    };
    let mut chain = Vec::new();
    for one in CertificateDer::pem_file_iter(certificate).map_err(failed(certificate, "certificate"))? {
        chain.push(one.map_err(failed(certificate, "certificate"))?);
    }
    if chain.is_empty() {
        return Err(failed(certificate, "certificate")(rustls::pki_types::pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(failed(key, "private key"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The address at the other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub SocketAddr);
