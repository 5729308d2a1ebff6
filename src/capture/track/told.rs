//! Connections as they are told of: when they were given up, and at the end.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::conn::Conn;
use super::embryo::{Embryo, Embryos};
use super::expiry::Ended;
use super::slab::{Found, Slot};
use super::standing::Role;
use super::{ConnId, Tracker};
use crate::wire::Endpoint;

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
        })
    }

    /// Tells of them, where no more of a SYN is made than is asked for.
    pub(in crate::capture) fn tell_followed<E>(
        &self,
        mut tell: impl FnMut(Told<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut made = None;
        self.all_found().try_for_each(|found| match found {
            Found::Conn(slot) => tell(Told::Conn(self.conns.at(slot))),
            Found::Plain(place) => {
                self.conns.plains.written(place, &mut made).map_or(Ok(()), |conn| tell(Told::Conn(conn)))
            }
            Found::Embryo(place) => self.conns.embryos.get(place).map_or(Ok(()), |embryo| {
                tell(Told::Unanswered(Unanswered { embryos: &self.conns.embryos, embryo, ended: None }))
            }),
        })
    }

    /// Where those are that are being followed, in order of first packet, and soon in the caches.
    fn all_found(&self) -> impl ExactSizeIterator<Item = Found> {
        // A number each, by which they are in order: there may be millions.
        let numbered = |id: ConnId, found: Found| u64::from(id.0) << 32 | u64::from(found.place());
        let found = |number: &u64| Found::at(*number as u32);
        let mut all = Vec::with_capacity(self.conns.len());
        let followed = self.conns.iter().filter(|(_, conn)| conn.life.ended.is_none());
        all.extend(followed.map(|(slot, conn)| numbered(conn.id, Found::Conn(slot))));
        all.extend(self.conns.plains.iter().map(|(id, place)| numbered(id, Found::Plain(place))));
        all.extend(self.conns.embryos.iter().map(|(id, place)| numbered(id, Found::Embryo(place))));
        all.sort_unstable();
        (0..all.len()).map(move |at| {
            self.conns.fetch_ahead(all.get(at + FETCHED).map(found));
            found(&all[at])
        })
    }
}
