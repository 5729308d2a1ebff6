use std::io;

use crate::capture::filter::FilterError;

/// Why an interface cannot be listened to.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The right to do so is missing.
    #[error("{interface}: You don't have permission to perform this capture on that device ({doing}: {error})")]
    Permission {
        /// The interface as it was named.
        interface: String,
        /// What was refused.
        doing: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
    /// There is no interface of that name.
    #[error("there is no interface '{interface}'")]
    NoSuchInterface {
        /// The interface as it was named.
        interface: String,
    },
    /// It is not up.
    #[error("the interface {interface} is down; `ip link set {interface} up` brings it up")]
    Down {
        /// The interface as it was named.
        interface: String,
    },
    /// The filter makes no sense there.
    #[error(transparent)]
    Filter(Box<FilterError>),
    /// Something else.
    #[error("cannot listen to {interface} ({doing}): {error}")]
    Other {
        /// The interface as it was named.
        interface: String,
        /// What failed.
        doing: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
}

impl OpenError {
    /// Finds the kind for what the kernel said.
    pub(super) fn of(interface: &str, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let interface = interface.to_owned();
        move |error| match error.kind() {
            io::ErrorKind::PermissionDenied => Self::Permission { interface, doing, error },
            _ if doing == "interface" => Self::NoSuchInterface { interface },
            _ => Self::Other { interface, doing, error },
        }
    }
}
