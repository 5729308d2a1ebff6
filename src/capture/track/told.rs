//! Connections as they are told of: when they were given up, and at the end.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::conn::Conn;
use super::embryo::{Embryo, Embryos};
use super::expiry::Ended;
use super::plain::{Plain, Plains};
use super::slab::{Found, Slot};
use super::standing::{Role, Standing};
use super::talk::{Talk, Talks};
use super::verdict::{Close, Open};
use super::{ConnId, Ends, Tracker};
use crate::wire::{Endpoint, Span};

/// A connection that was given up, and waits to be told of.
#[derive(Debug)]
pub(super) enum Departed {
    Conn(Slot),
    /// One that was made to be told: it went by the book.
    Made(Box<Conn>),
    /// One that was never more than a SYN, and why it was given up.
    Embryo(Embryo, Ended),
}

/// A connection that is told of.
#[derive(Debug)]
pub enum Told<'a> {
    /// One like others.
    Conn(&'a Conn),
    /// One that was never more than a SYN.
    Unanswered(Unanswered<'a>),
    /// One that went by the book.
    ByTheBook(ByTheBook<'a>),
    /// One of datagrams.
    Datagrams(Datagrams<'a>),
}

/// A connection that was never more than a first SYN.
#[derive(Clone, Copy, Debug)]
pub struct Unanswered<'a> {
    embryos: &'a Embryos,
    embryo: &'a Embryo,
    ended: Option<Ended>,
}

impl Unanswered<'_> {
    /// Its handle.
    pub const fn id(&self) -> ConnId {
        self.embryo.id()
    }

    /// Address and port of who asked, or of who was asked.
    pub fn endpoint(&self, role: Role) -> Endpoint {
        let side = self.embryo.side();
        self.embryos.key_of(self.embryo).endpoint(if role == Role::Client { side } else { !side })
    }

    /// The same over IPv4.
    #[inline]
    pub fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)> {
        self.embryo.endpoint_v4(role)
    }

    /// Why it was given up before the input ended, if it was.
    pub const fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Whether it said nothing but what any SYN says. Connections of such differ in their handles,
    /// endpoints, times and initial sequence numbers, and in what their options offer, and where
    /// they were given up in why; how they opened, where their ends stand and what was counted is
    /// the same.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.embryo.is_plain()
    }

    /// The connection that it is like any other.
    pub fn conn(&self) -> Conn {
        let mut conn = self.embryos.conn_of(self.embryo);
        conn.life.ended = self.ended;
        conn
    }
}

/// A connection of which every segment was what comes next in the book, from its SYN on: nothing was
/// lost, repeated or out of order, and it was not given up before the input ended.
#[derive(Debug)]
pub struct ByTheBook<'a> {
    plains: &'a Plains,
    plain: &'a Plain,
    /// The last connection that was made of such a one.
    made: &'a mut Option<Box<Conn>>,
}

impl ByTheBook<'_> {
    /// Its handle.
    pub fn id(&self) -> ConnId {
        self.plain.id()
    }

    /// Address and port of the client, or of the server.
    #[inline]
    pub fn endpoint(&self, role: Role) -> Endpoint {
        self.plains.endpoint(self.plain, role)
    }

    /// The same over IPv4.
    #[inline]
    pub fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)> {
        self.plain.endpoint_v4(role)
    }

    /// The port of the client, or of the server.
    #[inline]
    pub fn port(&self, role: Role) -> u16 {
        self.plain.port(role)
    }

    /// Connections of one kind are alike in how they opened and closed, by whom, where their ends
    /// stand, and in their history. Below 2 to the 48th.
    #[inline]
    pub fn kind(&self) -> u64 {
        self.plain.kind()
    }

    /// How it opened.
    pub fn open(&self) -> Open {
        self.plain.open()
    }

    /// How it closed.
    pub fn close(&self) -> Close {
        self.plain.close()
    }

    /// Who closed it first.
    pub fn closed_by(&self) -> Option<Role> {
        self.plain.closed_by()
    }

    /// Where both ends stand.
    pub fn standing(&self) -> Ends<Standing> {
        self.plain.standings()
    }

    /// Packets of an end.
    #[inline]
    pub fn packets(&self, role: Role) -> u64 {
        self.plain.packets(role)
    }

    /// Octets of payload of an end; none of them was repeated.
    #[inline]
    pub fn payload_bytes(&self, role: Role) -> u64 {
        self.plain.payload_bytes_of(role)
    }

    /// From the SYN to the SYN/ACK.
    #[inline]
    pub fn rtt_server(&self) -> Span {
        self.plain.rtt_server()
    }

    /// From the SYN/ACK to step three.
    #[inline]
    pub fn rtt_client(&self) -> Option<Span> {
        self.plain.rtt_client()
    }

    /// From its first packet to its last.
    #[inline]
    pub fn duration(&self) -> Span {
        self.plain.duration()
    }

    /// The connection that it is like any other.
    pub fn conn(&mut self) -> &Conn {
        self.plains.written(self.plain, self.made)
    }
}

/// A UDP conversation of which there is no more to say than who spoke, how much and when, and that was not
/// given up before the input ended.
#[derive(Debug)]
pub struct Datagrams<'a> {
    talk: &'a Talk,
    /// The last conversation that was made of such a one.
    made: &'a mut Option<Box<Conn>>,
}

impl Datagrams<'_> {
    /// Its handle.
    pub fn id(&self) -> ConnId {
        self.talk.id()
    }

    /// Address and port of who asked, or of who was asked.
    #[inline]
    pub fn endpoint(&self, role: Role) -> Endpoint {
        self.talk.key().endpoint(self.talk.side(role))
    }

    /// The same over IPv4.
    #[inline]
    pub fn endpoint_v4(&self, role: Role) -> Option<(Ipv4Addr, u16)> {
        self.talk.endpoint_v4(role)
    }

    /// The port of who asked, or of who was asked.
    #[inline]
    pub fn port(&self, role: Role) -> u16 {
        self.talk.key().port(self.talk.side(role))
    }

    /// Datagrams of an end. Conversations differ in how they opened, and in their history, by which of
    /// the ends have sent any.
    #[inline]
    pub fn packets(&self, role: Role) -> u64 {
        self.talk.packets(role)
    }

    /// Octets of payload of an end.
    #[inline]
    pub fn payload_bytes(&self, role: Role) -> u64 {
        self.talk.payload_bytes(role)
    }

    /// From the first datagram to the first that came back, where it is certain which one that answers.
    #[inline]
    pub fn reply_time(&self) -> Option<Span> {
        self.talk.reply_time()
    }

    /// From its first datagram to its last.
    #[inline]
    pub fn duration(&self) -> Span {
        self.talk.duration()
    }

    /// The conversation that it is like any other.
    pub fn conn(&mut self) -> &Conn {
        Talks::written(self.talk, self.made)
    }
}

/// How many connections ahead of the one that is told the memory is asked for.
const FETCHED: usize = 4;

impl Tracker {
    /// A connection that was given up since this was last asked, and will change no more.
    pub fn departed(&mut self) -> Option<Conn> {
        match self.departed.pop_front()? {
            Departed::Made(conn) => Some(*conn),
            Departed::Embryo(embryo, why) => {
                let conn = Unanswered { embryos: &self.conns.embryos, embryo: &embryo, ended: Some(why) }.conn();
                self.conns.embryos.forget(&embryo);
                Some(conn)
            }
            Departed::Conn(slot) => {
                self.leaving -= 1;
                self.conns.release(slot)
            }
        }
    }

    /// Tells of the connections that were given up since this was last asked: the same without
    /// moving them.
    #[inline]
    pub(in crate::capture) fn tell_departed<E>(
        &mut self,
        tell: impl FnMut(Told<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.departed.is_empty() { Ok(()) } else { self.tell_all_departed(tell) }
    }

    #[inline(never)]
    fn tell_all_departed<E>(&mut self, mut tell: impl FnMut(Told<'_>) -> Result<(), E>) -> Result<(), E> {
        while let Some(departed) = self.departed.pop_front() {
            match departed {
                Departed::Made(conn) => tell(Told::Conn(&conn))?,
                Departed::Embryo(embryo, why) => {
                    let (embryos, ended) = (&self.conns.embryos, Some(why));
                    let told = tell(Told::Unanswered(Unanswered { embryos, embryo: &embryo, ended }));
                    self.conns.embryos.forget(&embryo);
                    told?;
                }
                Departed::Conn(slot) => {
                    let told = self.conns.get(slot).map_or(Ok(()), |conn| tell(Told::Conn(conn)));
                    self.leaving -= 1;
                    self.conns.release(slot);
                    told?;
                }
            }
        }
        Ok(())
    }

    /// The connections that are being followed, in order of first packet. Those that are no more
    /// than a SYN, or went by the book, are made as they are asked for.
    pub fn conns(&self) -> impl ExactSizeIterator<Item = Cow<'_, Conn>> {
        self.all_found().map(|found| match found {
            Found::Conn(slot) => Cow::Borrowed(self.conns.at(slot)),
            Found::Plain(place) => Cow::Owned(self.conns.plains.at(place)),
            Found::Embryo(place) => Cow::Owned(self.conns.embryos.at(place)),
            Found::Talk(place) => Cow::Owned(self.conns.talks.at(place)),
        })
    }

    /// Tells of all that are being followed still, since the input has ended: no packet will find them
    /// again, which leaves room for what is told.
    pub(in crate::capture) fn tell_rest<E>(&mut self, tell: impl FnMut(Told<'_>) -> Result<(), E>) -> Result<(), E> {
        self.conns.forget_index();
        self.tell_followed(tell)
    }

    /// Tells of them, where no more is made of one than is asked for.
    pub(super) fn tell_followed<E>(&self, mut tell: impl FnMut(Told<'_>) -> Result<(), E>) -> Result<(), E> {
        let (mut made, mut made_of_talk) = (None, None);
        self.all_found().try_for_each(|found| match found {
            Found::Conn(slot) => tell(Told::Conn(self.conns.at(slot))),
            Found::Plain(place) => self.conns.plains.get(place).map_or(Ok(()), |plain| {
                tell(Told::ByTheBook(ByTheBook { plains: &self.conns.plains, plain, made: &mut made }))
            }),
            Found::Talk(place) => self
                .conns
                .talks
                .get(place)
                .map_or(Ok(()), |talk| tell(Told::Datagrams(Datagrams { talk, made: &mut made_of_talk }))),
            Found::Embryo(place) => self.conns.embryos.get(place).map_or(Ok(()), |embryo| {
                tell(Told::Unanswered(Unanswered { embryos: &self.conns.embryos, embryo, ended: None }))
            }),
        })
    }

    /// Where those are that are being followed, in order of first packet, and soon in the caches.
    fn all_found(&self) -> impl ExactSizeIterator<Item = Found> {
        let all = self.in_order();
        (0..all.len()).map(move |at| {
            self.conns.fetch_ahead(all.get(at + FETCHED).copied().map(Found::at));
            Found::at(all[at])
        })
    }

    /// Their places, in order of first packet. There may be millions: where most handles that were given
    /// lately are still in use, each says itself where its place belongs.
    fn in_order(&self) -> Vec<u32> {
        const NONE: u32 = u32::MAX;
        let (followed, begun) = (self.conns.len(), self.conns.next_id().0);
        // The last handle may be that of several.
        let is_dense = |first: u32| begun < u32::MAX && (begun - first) as usize / 2 <= followed;
        let mut first = 0;
        if !is_dense(first) {
            first = begun;
            self.each_found(|id, _| first = first.min(id.0));
        }
        if !is_dense(first) {
            let mut numbered = Vec::with_capacity(followed);
            self.each_found(|id, found| numbered.push(u64::from(id.0) << 32 | u64::from(found.place())));
            numbered.sort_unstable();
            return numbered.into_iter().map(|number| number as u32).collect();
        }
        let mut all = vec![NONE; (begun - first) as usize];
        self.each_found(|id, found| {
            if let Some(place) = all.get_mut((id.0 - first) as usize) {
                *place = found.place();
            }
        });
        all.retain(|place| *place != NONE);
        all
    }

    /// Tells whose and where those are that are being followed, in any order.
    fn each_found(&self, mut tell: impl FnMut(ConnId, Found)) {
        let followed = self.conns.iter().filter(|(_, conn)| conn.life.ended.is_none());
        followed.for_each(|(slot, conn)| tell(conn.id, Found::Conn(slot)));
        self.conns.plains.iter().for_each(|(id, place)| tell(id, Found::Plain(place)));
        self.conns.embryos.iter().for_each(|(id, place)| tell(id, Found::Embryo(place)));
        self.conns.talks.iter().for_each(|(id, place)| tell(id, Found::Talk(place)));
    }
}

#[cfg(test)]
mod tests;
