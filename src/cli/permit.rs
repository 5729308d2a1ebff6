//! What may be sent, as the user says it, and what to do about a refusal.

use std::io;

use anyhow::anyhow;

use crate::craft::{InjectError, Network, Policy, Refusal};

/// Where packets may go beyond this machine: nowhere, unless it is said.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Safety")]
pub(super) struct Permit {
    /// Let packets leave this machine for this network, as in 192.0.2.0/24; may be repeated
    #[arg(long, value_name = "CIDR")]
    allow_remote: Vec<Network>,

    /// Let packets go to broadcast and multicast addresses
    #[arg(long)]
    allow_broadcast: bool,
}

impl Permit {
    /// The policy that these options make.
    pub(super) fn policy(&self) -> Policy {
        Policy { remote: self.allow_remote.clone(), groups: self.allow_broadcast }
    }
}

/// Why something was not sent, and what can be done about it.
pub(super) fn advise(error: InjectError) -> anyhow::Error {
    const NAMESPACE: &str = "`unshare -Urn` makes a network namespace of one's own";
    match &error {
        InjectError::Refused(Refusal::Remote { to, .. }) => {
            anyhow!("{error}; if they are to, say so: --allow-remote {to}")
        }
        InjectError::Refused(Refusal::Group { .. }) => {
            anyhow!("{error}; if all of them are to get it, say so: --allow-broadcast")
        }
        InjectError::Refused(Refusal::Forged { .. }) => {
            anyhow!("{error}; take an address of this host, or go where no one else is: {NAMESPACE}")
        }
        InjectError::Refused(Refusal::TooMuch { .. } | Refusal::ForgedMac { .. } | Refusal::Routed { .. }) => {
            anyhow!("{error}; {NAMESPACE}")
        }
        InjectError::Refused(Refusal::NoRoute { .. }) => {
            anyhow!("{error}; is its interface up? In a new namespace, `ip link set lo up` comes first")
        }
        InjectError::Refused(Refusal::OtherWay { routed, .. }) => anyhow!("{error}; is `-i {routed}` meant?"),
        InjectError::NoInterface { .. } => anyhow!("{error}; `synfin sniff -D` lists those there are"),
        InjectError::NotJudged => anyhow!("{error}; `-w FILE` writes it to a capture"),
        InjectError::Denied { error: cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => {
            let path = std::env::current_exe().map_or_else(|_| "synfin".to_owned(), |path| path.display().to_string());
            anyhow!(
                "{error}: {cause}\nthis gives the program the right to:\n  sudo setcap cap_net_raw+ep {path}\nor, without any right, \
                 in a namespace of one's own:\n  unshare -Urn sh -c 'ip link set lo up; synfin ...'"
            )
        }
        InjectError::Send(cause) if cause.raw_os_error() == Some(90) => {
            anyhow!("{error}: it is longer than the interface takes; `--fragment MTU` cuts it")
        }
        InjectError::Denied { .. } | InjectError::Send(_) => anyhow::Error::from(error),
    }
}
