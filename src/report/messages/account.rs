use crate::capture::declared::Account;
use crate::capture::track::Role;
use crate::report::digits::Digits as _;
use crate::report::human;
use crate::report::json::of;
use crate::report::object::{Object, key};
use crate::wire::declared::Definition;

/// What a conversation said in messages.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Spoken<'a> {
    pub(in crate::report) of: &'a Definition,
    pub(in crate::report) account: Account,
}

impl Spoken<'_> {
    /// `acme 12 > 11`: messages of the client, and of the server.
    pub(in crate::report) fn write_cell(&self, out: &mut Vec<u8>) {
        let [client, server] = self.account.messages;
        out.text(&self.of.name);
        out.push(b' ');
        human::write_brief(out, client);
        out.text(" > ");
        human::write_brief(out, server);
    }

    /// The member `messages` of a connection.
    pub(in crate::report) fn write_json(&self, object: &mut Object<'_>) {
        let Self { of: protocol, account } = self;
        object.object(key!("messages"), |object| {
            object.word(key!("protocol"), &protocol.name);
            object.word(key!("evidence"), if account.by_port { "port" } else { "payload" });
            for role in Role::BOTH {
                object.number(of(role), account.messages[role as usize]);
            }
            object.object(key!("lost_bytes"), |object| {
                for role in Role::BOTH {
                    object.number(of(role), account.lost[role as usize]);
                }
            });
            if protocol.checksum.is_some() {
                object.number(key!("wrong_checksums"), account.wrong_sums);
            }
            if protocol.pair.is_some() {
                object.number(key!("requests"), account.requests);
                object.number(key!("answered"), account.answered);
                if let Some([least, most, all]) = account.waited {
                    object.object(key!("response_ns"), |object| {
                        object.signed(key!("min"), least.0);
                        object.signed(key!("max"), most.0);
                        object.signed(key!("mean"), all.0 / account.answered.max(1) as i64);
                    });
                }
            }
        });
    }

    /// The same in words.
    pub(in crate::report) fn sentence(&self) -> String {
        let Self { of: protocol, account } = self;
        let [client, server] = account.messages;
        let by = if account.by_port { "by its port" } else { "by its first octets" };
        let count = |count| human::plural(count, "message");
        let name = &protocol.name;
        let mut text =
            format!("{name} ({by}): {} of the client, {} of the server", count(client), human::count(server));
        if let Some([least, most, _]) = account.waited {
            let times = if least == most {
                format!("in {}", human::span(least))
            } else {
                format!("in {} to {}", human::span(least), human::span(most))
            };
            text += &format!(
                "; {} of {} answered {times}",
                human::count(account.answered),
                human::plural(account.requests, "request")
            );
        } else if account.requests > 0 {
            text += &format!("; none of {} answered", human::plural(account.requests, "request"));
        }
        if account.wrong_sums > 0 {
            text += &format!("; {} with a wrong checksum", human::count(account.wrong_sums));
        }
        let lost: u64 = account.lost.iter().sum();
        if lost > 0 {
            text += &format!("; {} in no message", human::plural(lost, "octet"));
        }
        text
    }
}
