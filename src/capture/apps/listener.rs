use super::{Apps, Limits, Saying, Talk};
use crate::capture::stream::{self, Streams};
use crate::capture::{Conn, Observation, Packet};

/// Streams, and the ears that hear them: what a sink holds that tells of applications.
#[derive(Debug, Default)]
pub struct Listener {
    streams: Streams,
    apps: Apps,
}

impl Listener {
    /// A listener that keeps within `limits`.
    pub fn new(limits: Limits) -> Self {
        Self { streams: Streams::new(stream::Limits::default()), apps: Apps::new(limits) }
    }

    /// The same, keeping what is said until [`news`](Self::news) is called, which has to be done
    /// after every packet.
    #[must_use]
    pub fn with_news(self) -> Self {
        Self { apps: self.apps.with_news(), ..self }
    }

    /// Takes in a packet. Who calls this has to see all packets.
    #[inline]
    pub fn packet(&mut self, packet: &Packet<'_>, told: Option<(&Observation, &Conn)>) {
        if let Some((seen, conn)) = told {
            self.streams.take(packet, seen, conn, &mut self.apps);
        }
    }

    /// What was said since this was called last.
    pub fn news(&mut self) -> impl Iterator<Item = Saying> + '_ {
        self.apps.news()
    }

    /// What was heard of a conversation so far.
    pub fn talk(&self, conn: &Conn) -> Option<&Talk> {
        self.apps.talk(conn)
    }

    /// What was heard of a conversation that has ended. Forgets it.
    pub fn ended(&mut self, conn: &Conn) -> Option<Talk> {
        self.streams.ended(conn, &mut self.apps);
        self.apps.take(conn)
    }

    /// Conversations that were not listened to for want of room.
    pub fn passed_over(&self) -> u64 {
        self.apps.passed_over()
    }
}
