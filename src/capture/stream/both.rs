use std::collections::HashMap;

use super::{Above, Event, Interest};
use crate::capture::track::{Conn, ConnId, Role};

/// Two listeners as one: each hears what it wants, and no more.
#[derive(Debug, Default)]
pub struct Both<A, B> {
    /// The one that is told first.
    pub one: A,
    /// The other.
    pub other: B,
    /// Who listens to which sides, for conversations that one of the two does not hear whole.
    ears: HashMap<ConnId, [Ears; 2]>,
}

/// Which sides of a conversation a listener still hears.
#[derive(Clone, Copy, Debug)]
struct Ears {
    client: bool,
    server: bool,
}

impl Ears {
    const fn side(&mut self, role: Role) -> &mut bool {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }
}

impl<A, B> Both<A, B> {
    /// The two of them.
    pub fn new(one: A, other: B) -> Self {
        Self { one, other, ears: HashMap::new() }
    }
}

impl<A: Above, B: Above> Above for Both<A, B> {
    fn wants(&mut self, conn: &Conn) -> bool {
        let wanted = [self.one.wants(conn), self.other.wants(conn)];
        if wanted == [false, false] {
            return false;
        }
        self.ears.insert(conn.id, wanted.map(|wanted| Ears { client: wanted, server: wanted }));
        true
    }

    fn hear(&mut self, conn: &Conn, event: &Event<'_>) -> Interest {
        let Some(ears) = self.ears.get_mut(&conn.id) else { return Interest::Enough };
        let role = event.from();
        let [one, other] = ears;
        if *one.side(role) {
            *one.side(role) = self.one.hear(conn, event) == Interest::More;
        }
        if *other.side(role) {
            *other.side(role) = self.other.hear(conn, event) == Interest::More;
        }
        let ended = matches!(event, Event::End(_));
        if ended {
            (*one.side(role), *other.side(role)) = (false, false);
        }
        let more = *one.side(role) || *other.side(role);
        if ears.iter().all(|ears| !ears.client && !ears.server) {
            self.ears.remove(&conn.id);
        }
        if more { Interest::More } else { Interest::Enough }
    }
}
