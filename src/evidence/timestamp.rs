//! Timestamps of a trusted authority (RFC 3161): what is asked, and what a reply proves.
//!
//! A reply is believed where its imprint is the digest that was asked for, its signature is that of the certificate it names, and
//! that certificate, for the purpose of timestamping, leads to one of the roots the settings name. The reply is kept as it came, so that
//! `openssl ts -verify` comes to the same.

use std::time::Duration;

use cms::cert::CertificateChoices;
use cms::cert::x509::Certificate;
use cms::cert::x509::der::asn1::{Any, Int, Null, ObjectIdentifier, OctetString};
use cms::cert::x509::der::{Decode, Encode};
use cms::cert::x509::spki::AlgorithmIdentifier;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use data_encoding::HEXLOWER;
use ring::{digest, signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const CURVE_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// Extended key usage `timeStamping`, as webpki compares it.
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// Status words of a reply that holds a timestamp: granted, with or without changes.
const GRANTED: [u8; 2] = [0, 1];

/// Why a reply proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    /// Not in the form of the standard.
    #[error("the reply is not in the form of RFC 3161: {0}")]
    Form(#[from] cms::cert::x509::der::Error),
    /// The authority refused.
    #[error("the authority refused the request (status {0})")]
    Refused(u8),
    /// A part that must be there is not.
    #[error("the reply has no {0}")]
    Lacks(&'static str),
    /// It is of something else.
    #[error("the timestamp is of other bytes")]
    OtherBytes,
    /// It answers another request.
    #[error("the reply answers another request")]
    OtherRequest,
    /// A way of signing that is not known here.
    #[error("the reply is signed in a way that is not known here ({0})")]
    Algorithm(String),
    /// The signature is not that of its certificate.
    #[error("the signature of the timestamp does not hold")]
    Signature,
    /// The certificate does not lead to the roots.
    #[error("the certificate of the authority does not lead to the roots named in the settings: {0}")]
    Chain(String),
}

/// What a reply proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// When the bytes existed.
    pub at: Timestamp,
    /// Who says so: the subject of the certificate.
    pub authority: String,
    /// The number the authority gave it, in hexadecimal digits.
    pub serial: String,
}

/// Certificates that authorities are believed by.
#[derive(Debug, Clone)]
pub struct Roots(Vec<TrustAnchor<'static>>);

impl Roots {
    /// Reads a file of certificates in PEM.
    ///
    /// # Errors
    /// When there is none, or one cannot be read.
    pub fn from_pem(text: &[u8]) -> Result<Self, RootsError> {
        let anchors: Vec<TrustAnchor<'static>> = CertificateDer::pem_slice_iter(text)
            .map(|certificate| Ok(webpki::anchor_from_trusted_cert(&certificate?)?.to_owned()))
            .collect::<Result<_, RootsError>>()?;
        if anchors.is_empty() { Err(RootsError::Empty) } else { Ok(Roots(anchors)) }
    }
}

/// Why certificates cannot be used as roots.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// Not in PEM.
    #[error("{0}")]
    Pem(#[from] pem::Error),
    /// Not a certificate that others can lead to.
    #[error("{0}")]
    Certificate(#[from] webpki::Error),
    /// None.
    #[error("it holds no certificate in PEM")]
    Empty,
}

/// The query for a digest. `nonce` tells its answer from others.
///
/// # Errors
/// When it cannot be formed.
pub fn query(of: &Sha256Digest, nonce: u64) -> Result<Vec<u8>, StampError> {
    // Positive, whatever its first bit.
    let nonce = [&[0x01], nonce.to_be_bytes().as_slice()].concat();
    let hash_algorithm = AlgorithmIdentifier { oid: SHA_256, parameters: Some(Any::from(Null)) };
    let hashed_message = OctetString::new(HEXLOWER.decode(of.hex().as_bytes()).map_err(|_| StampError::OtherBytes)?)?;
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint { hash_algorithm, hashed_message },
        req_policy: None,
        nonce: Some(Int::new(&nonce)?),
        cert_req: true,
        extensions: None,
    };
    Ok(request.to_der()?)
}

/// What a reply proves of the bytes with this digest. `nonce` is that of the query, where it is known.
///
/// # Errors
/// Why it proves nothing.
pub fn read(reply: &[u8], of: &Sha256Digest, nonce: Option<u64>, roots: &Roots) -> Result<Stamp, StampError> {
    let reply = TimeStampResp::from_der(reply)?;
    let status = reply.status.status as u8;
    if !GRANTED.contains(&status) {
        return Err(StampError::Refused(status));
    }
    let token = reply.time_stamp_token.ok_or(StampError::Lacks("timestamp"))?;
    let signed: SignedData = token.content.decode_as()?;
    let content = signed.encap_content_info.econtent.as_ref().ok_or(StampError::Lacks("content"))?;
    if signed.encap_content_info.econtent_type != TST_INFO {
        return Err(StampError::Lacks("timestamp"));
    }
    let info = TstInfo::from_der(content.value())?;
    if info.message_imprint.hash_algorithm.oid != SHA_256
        || HEXLOWER.encode(info.message_imprint.hashed_message.as_bytes()) != of.hex()
    {
        return Err(StampError::OtherBytes);
    }
    if let Some(nonce) = nonce {
        let asked = [&[0x01], nonce.to_be_bytes().as_slice()].concat();
        if info.nonce.as_ref().map(Int::as_bytes) != Some(asked.as_slice()) {
            return Err(StampError::OtherRequest);
        }
    }
    let signer = signed.signer_infos.0.iter().next().ok_or(StampError::Lacks("signature"))?;
    let certificates = certificates(&signed);
    let (named, bytes) = certificates
        .iter()
        .find(|(certificate, _)| is_of(&signer.sid, certificate))
        .ok_or(StampError::Lacks("certificate of its signer"))?;
    holds(signer, content.value(), named)?;
    let at = info.gen_time.to_unix_duration();
    leads_to(bytes, certificates.iter().map(|(_, bytes)| bytes), roots, at)?;
    let millis = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
    Ok(Stamp {
        at: Timestamp::from_millis(millis),
        authority: named.tbs_certificate.subject.to_string(),
        serial: HEXLOWER.encode(info.serial_number.as_bytes()),
    })
}

/// The certificates of a reply, with their bytes.
fn certificates(signed: &SignedData) -> Vec<(Certificate, Vec<u8>)> {
    let held = signed.certificates.iter().flat_map(|set| set.0.iter());
    held.filter_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => Some((certificate.clone(), certificate.to_der().ok()?)),
        CertificateChoices::Other(_) => None,
    })
    .collect()
}

fn is_of(signer: &SignerIdentifier, certificate: &Certificate) -> bool {
    let body = &certificate.tbs_certificate;
    match signer {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            named.issuer == body.issuer && named.serial_number == body.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(named) => {
            use cms::cert::x509::ext::pkix::SubjectKeyIdentifier;
            let held = body.get::<SubjectKeyIdentifier>().ok().flatten();
            held.is_some_and(|(_, held)| held == *named)
        }
    }
}

/// Whether the signed attributes speak of the content, and are signed with the certificate's key.
fn holds(signer: &SignerInfo, content: &[u8], certificate: &Certificate) -> Result<(), StampError> {
    let attributes = signer.signed_attrs.as_ref().ok_or(StampError::Lacks("signed attributes"))?;
    let value = |wanted: ObjectIdentifier| {
        attributes.iter().find(|one| one.oid == wanted).and_then(|one| one.values.iter().next())
    };
    let kind: ObjectIdentifier =
        value(CONTENT_TYPE).ok_or(StampError::Lacks("content type"))?.decode_as().map_err(StampError::from)?;
    let algorithm = match signer.digest_alg.oid {
        SHA_256 => &digest::SHA256,
        SHA_384 => &digest::SHA384,
        SHA_512 => &digest::SHA512,
        other => return Err(StampError::Algorithm(other.to_string())),
    };
    let held: OctetString = value(MESSAGE_DIGEST).ok_or(StampError::Lacks("digest of its content"))?.decode_as()?;
    if kind != TST_INFO || held.as_bytes() != digest::digest(algorithm, content).as_ref() {
        return Err(StampError::Signature);
    }
    let key = &certificate.tbs_certificate.subject_public_key_info;
    let is_p256 = key.algorithm.parameters.as_ref().is_some_and(|curve| curve.decode_as() == Ok(CURVE_P256));
    let by: &dyn signature::VerificationAlgorithm = match (signer.signature_algorithm.oid, signer.digest_alg.oid) {
        (RSA_SHA_256, _) | (RSA, SHA_256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (RSA_SHA_384, _) | (RSA, SHA_384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (RSA_SHA_512, _) | (RSA, SHA_512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (ECDSA_SHA_256, _) if is_p256 => &signature::ECDSA_P256_SHA256_ASN1,
        (ECDSA_SHA_256, _) => &signature::ECDSA_P384_SHA256_ASN1,
        (ECDSA_SHA_384, _) if is_p256 => &signature::ECDSA_P256_SHA384_ASN1,
        (ECDSA_SHA_384, _) => &signature::ECDSA_P384_SHA384_ASN1,
        (other, _) => return Err(StampError::Algorithm(other.to_string())),
    };
    let key = signature::UnparsedPublicKey::new(by, key.subject_public_key.raw_bytes());
    key.verify(&attributes.to_der()?, signer.signature.as_bytes()).map_err(|_| StampError::Signature)
}

/// Whether a certificate for timestamping leads to one of the roots, as it stood `at` that moment.
fn leads_to<'a>(
    certificate: &[u8],
    others: impl Iterator<Item = &'a Vec<u8>>,
    roots: &Roots,
    at: Duration,
) -> Result<(), StampError> {
    let chain = |error: webpki::Error| StampError::Chain(error.to_string());
    let named = CertificateDer::from(certificate);
    let between: Vec<CertificateDer<'_>> = others.map(|bytes| CertificateDer::from(bytes.as_slice())).collect();
    webpki::EndEntityCert::try_from(&named)
        .map_err(chain)?
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &roots.0,
            &between,
            UnixTime::since_unix_epoch(at),
            webpki::KeyUsage::required(TIME_STAMPING),
            None,
            None,
        )
        .map(|_| ())
        .map_err(chain)
}
