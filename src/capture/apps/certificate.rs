//! Certificates (RFC 5280): whom they are for.

use x509_parser::extensions::GeneralName;
use x509_parser::x509::X509Name;

use super::text;

/// Whom a certificate is for, and who says so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Certificate {
    /// The common name of its subject.
    pub subject: Option<String>,
    /// The names of hosts that it is good for.
    pub names: Vec<String>,
    /// The common name of its issuer, or else its organization.
    pub issuer: Option<String>,
    /// How many certificates came with it, itself included.
    pub chain: u32,
}

impl Certificate {
    pub(super) fn cost(&self) -> usize {
        let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let names: usize = self.names.iter().map(|name| name.len() + size_of::<String>()).sum();
        len(&self.subject) + len(&self.issuer) + names
    }
}

/// Octets of a text that are kept, and how many names.
const TEXT: usize = 255;
const NAMES: usize = 32;

/// Reads a certificate in DER; `None` where it is none.
pub(super) fn read(der: &[u8]) -> Option<Certificate> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let names = alternative.iter().flat_map(|extension| &extension.value.general_names).filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(text(name.as_bytes(), TEXT)),
        _ => None,
    });
    Some(Certificate {
        subject: common_name(certificate.subject()),
        names: names.take(NAMES).collect(),
        issuer: common_name(certificate.issuer()).or_else(|| organization(certificate.issuer())),
        chain: 1,
    })
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().next().and_then(|value| value.as_str().ok()).map(|value| text(value.as_bytes(), TEXT))
}

fn organization(name: &X509Name<'_>) -> Option<String> {
    name.iter_organization().next().and_then(|value| value.as_str().ok()).map(|value| text(value.as_bytes(), TEXT))
}
