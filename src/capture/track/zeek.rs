//! What Zeek would say of a connection: its endpoint states, `history` letters and `conn_state`.
//!
//! Zeek judges by flags and order where we judge by numbers, so its states live beside ours and
//! not in place of them. Source of the rules: Zeek's `TCP_Endpoint`, `TCPSessionAdapter` and
//! `scripts/base/protocols/conn/main.zeek`.

use super::slim::Marks;
use super::standing::Role;
use crate::wire::{Flags, Segment, Seq, Side};

/// The state Zeek keeps for an endpoint.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum State {
    #[default]
    Inactive,
    SynSent,
    SynAckSent,
    Partial,
    Established,
    Closed,
    Reset,
}

/// An endpoint as Zeek sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct End {
    pub(super) state: State,
    /// Letters that stand in the history once, as bits by their place in `ONCE`.
    told: u8,
    /// The numbers it may have.
    marks: Marks<{ Mark::COUNT }>,
    /// Whether it was established before it closed.
    was_established: bool,
    /// How often it repeated octets, offered no window, and left a gap.
    repeats: u32,
    zero_windows: u32,
    gaps: u32,
    /// Whether a FIN preceded its RST.
    fin_then_reset: bool,
}

/// The numbers that Zeek may have of an endpoint.
#[derive(Clone, Copy, Debug)]
enum Mark {
    /// Its last SYN.
    Syn,
    /// Its last FIN.
    Fin,
    /// Its last RST.
    Rst,
    /// One past the highest number it sent.
    Nxt,
    /// Where octets begin that were sent but not captured, until they are acknowledged.
    Withheld,
}

impl Mark {
    const COUNT: usize = Self::Withheld as usize + 1;
}

/// Numbers further off than this are another sequence space's.
const TOO_FAR: u32 = 1 << 20;

const ONCE: [u8; 5] = *b"adhiq";

/// The letters of a connection, in order; the side that caused each is kept beside it, so that
/// roles may still change.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    len: u8,
    first: [u8; FEW],
    /// What comes after those, in connections that live through much.
    more: Option<Box<[u8; MAX_LETTERS - FEW]>>,
}

/// Letters that nearly every connection comes along with.
const FEW: usize = 15;

/// Letters kept at most: a hostile connection can make as many as it has packets.
const MAX_LETTERS: usize = 64;

impl History {
    fn push(&mut self, letter: u8, side: Side) {
        let letter = if side == Side::A { letter.to_ascii_uppercase() } else { letter };
        let at = usize::from(self.len);
        let place = if at < FEW {
            self.first.get_mut(at)
        } else if at < MAX_LETTERS {
            self.more.get_or_insert_with(|| Box::new([0; MAX_LETTERS - FEW])).get_mut(at - FEW)
        } else {
            None
        };
        if let Some(place) = place {
            *place = letter;
            self.len += 1;
        }
    }

    /// Writes `letters` in place of all others, up to the first 0; upper case is the client's.
    pub(super) fn rewrite(&mut self, letters: [u8; 8], client: Side) {
        let swap = if client == Side::A { 0 } else { b'a' - b'A' };
        let (places, _) = self.first.split_at_mut(letters.len());
        places.copy_from_slice(&letters.map(|letter| if letter == 0 { 0 } else { letter ^ swap }));
        (self.len, self.more) = (letters.iter().take_while(|letter| **letter != 0).count() as u8, None);
    }

    fn letters(&self) -> impl Iterator<Item = &u8> {
        self.first.iter().chain(self.more.iter().flat_map(|more| more.iter())).take(usize::from(self.len))
    }

    /// What [`told`](Self::told) tells, all at once and the first lowest, and how many they are; `None`
    /// where they are too many for it.
    #[inline]
    pub(super) fn told_at_once(&self, client: Side) -> Option<(u128, usize)> {
        let len = usize::from(self.len);
        let mut letters = [0; 16];
        letters[..FEW].copy_from_slice(&self.first);
        let letters = u128::from_le_bytes(letters);
        // The cases of a letter differ in one bit.
        let cases = u128::from_le_bytes([0x20; 16]).checked_shr(8 * (16 - len.min(FEW)) as u32).unwrap_or(0);
        (len <= FEW).then_some((if client == Side::B { letters ^ cases } else { letters }, len))
    }

    /// The letters as Zeek writes them: upper case from the client.
    pub(super) fn told(&self, client: Side) -> impl Iterator<Item = u8> {
        let swap = client == Side::B;
        self.letters().map(move |letter| match (swap, letter.is_ascii_uppercase()) {
            (false, _) => *letter,
            (true, true) => letter.to_ascii_lowercase(),
            (true, false) => letter.to_ascii_uppercase(),
        })
    }
}

/// What Zeek has to be told of a segment beside the segment itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remarks {
    /// Where its sender sits.
    pub(super) side: Side,
    /// What its sender plays.
    pub(super) role: Role,
    /// How many holes in the receiver's octets it acknowledges.
    pub(super) holes: u32,
    /// Whether it acknowledges more than the receiver was seen to send.
    pub(super) beyond: bool,
    /// Whether its payload was not captured whole. Zeek does not hand on what is not, and finds it
    /// missing when it is acknowledged.
    pub(super) cut: bool,
}

/// Takes in a segment from `sender`.
pub(super) fn pass(segment: &Segment, remarks: Remarks, sender: &mut End, receiver: &mut End, history: &mut History) {
    let Remarks { side, role, holes, beyond, cut } = remarks;
    write(segment, side, sender, receiver, history);
    if sender.repeats(segment) {
        sender.repeats += 1;
        tell_log(sender.repeats, b't', side, history);
    }
    advance(segment, role, sender, receiver);
    if sender.is_sound() && receiver.is_sound() && !segment.flags.contains(Flags::RST) {
        // What Zeek takes for sent by its own book is not missing.
        let beyond = beyond && receiver.mark(Mark::Nxt).is_some_and(|nxt| segment.ack.after(nxt));
        let withheld = receiver.mark(Mark::Withheld).is_some_and(|from| segment.ack.after(from));
        for _ in 0..holes + u32::from(beyond) + u32::from(withheld) {
            receiver.gaps += 1;
            tell_log(receiver.gaps, b'g', !side, history);
        }
    }
    if receiver.mark(Mark::Withheld).is_some_and(|from| segment.acked().is_some_and(|ack| ack.after(from))) {
        receiver.put(Mark::Withheld, None);
    }
    if cut && segment.len > 0 {
        let from = sender.mark(Mark::Withheld).unwrap_or(segment.data_seq());
        sender.put(Mark::Withheld, Some(from));
    }
}

/// Whether both ends are open, as far as Zeek saw it, and nothing is withheld.
pub(super) fn is_calm(a: &End, b: &End) -> bool {
    let open = |end: &End| matches!(end.state, State::Established | State::Partial);
    [a, b].iter().all(|end| open(end) && end.mark(Mark::Withheld).is_none())
}

/// Whether Zeek saw both ends open.
pub(super) fn are_open(a: &End, b: &End) -> bool {
    [a, b].iter().all(|end| end.state == State::Established)
}

/// Whether a segment with ACK, and none of the flags that open or close, brings something new
/// between two such ends.
#[inline]
pub(super) fn is_steady(segment: &Segment, sender: &End) -> bool {
    sender.mark(Mark::Nxt).is_some_and(|nxt| segment.len == 0 || segment.end().after(nxt))
}

/// Takes in such a segment.
#[inline]
pub(super) fn go_on(segment: &Segment, side: Side, sender: &mut End, history: &mut History) {
    sender.tell_once(if segment.len > 0 { b'd' } else { b'a' }, side, history);
    if sender.mark(Mark::Nxt).is_some_and(|nxt| segment.end().after(nxt)) {
        sender.put(Mark::Nxt, Some(segment.end()));
    }
}

/// Takes in a FIN between two such ends, or the second.
#[inline]
pub(super) fn finish(segment: &Segment, side: Side, sender: &mut End, history: &mut History) {
    sender.tell_new(Mark::Fin, b'f', segment.seq + segment.len, side, history);
    if sender.mark(Mark::Nxt).is_some_and(|nxt| segment.end().after(nxt)) {
        sender.put(Mark::Nxt, Some(segment.end()));
    }
    sender.was_established = true;
    sender.state = State::Closed;
}

/// Takes in a first SYN, from `side`.
#[inline]
pub(super) fn ask(sender: &mut End, segment: &Segment, side: Side, history: &mut History) {
    sender.tell_new(Mark::Syn, b's', segment.seq, side, history);
    sender.put(Mark::Nxt, Some(segment.end()));
    sender.state = State::SynSent;
}

/// Takes in the SYN/ACK that answers it, from `side`.
#[inline]
pub(super) fn answer(sender: &mut End, segment: &Segment, receiver: &mut End, side: Side, history: &mut History) {
    sender.tell_once(b'h', side, history);
    sender.put(Mark::Nxt, Some(segment.end()));
    sender.state = State::Established;
    receiver.state = State::Established;
}

fn write(segment: &Segment, side: Side, sender: &mut End, receiver: &mut End, history: &mut History) {
    let flags = segment.flags;
    let control = [Flags::SYN, Flags::FIN, Flags::RST].into_iter().filter(|flag| flags.contains(*flag)).count();
    if control > 1 {
        let letter = if flags.contains(Flags::FIN | Flags::RST) { b'i' } else { b'q' };
        sender.tell_once(letter, side, history);
    } else if flags.contains(Flags::SYN) {
        if flags.contains(Flags::ACK) {
            sender.tell_once(b'h', side, history);
        } else {
            sender.tell_new(Mark::Syn, b's', segment.seq, side, history);
        }
    } else if flags.contains(Flags::FIN) {
        sender.tell_new(Mark::Fin, b'f', segment.seq + segment.len, side, history);
    } else if flags.contains(Flags::RST) {
        sender.tell_new(Mark::Rst, b'r', segment.seq, side, history);
    } else if segment.len > 0 {
        sender.tell_once(b'd', side, history);
    } else if flags.contains(Flags::ACK) {
        sender.tell_once(b'a', side, history);
    }
    if segment.window.0 == 0
        && !flags.contains(Flags::RST)
        && sender.state != State::Reset
        && receiver.state != State::Closed
    {
        sender.zero_windows += 1;
        tell_log(sender.zero_windows, b'w', side, history);
    }
}

/// What there is to say of an end that has only opened, acknowledged, sent and closed, all in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainEnd {
    /// Its first sequence number, where it asked.
    pub(super) syn: Option<Seq>,
    pub(super) fin: Option<Seq>,
    /// The number after the last it sent.
    pub(super) nxt: Seq,
    /// Whether it sent a bare acknowledgement; whether it sent data.
    pub(super) acks: bool,
    pub(super) data: bool,
}

impl End {
    /// Such an end, after its SYN was answered.
    pub(super) fn plain(said: &PlainEnd) -> Self {
        let [a, d, h] = [said.acks, said.data, said.syn.is_none()].map(u8::from);
        let mut end = Self { told: a | d << 1 | h << 2, was_established: said.fin.is_some(), ..Self::default() };
        end.state = if said.fin.is_some() { State::Closed } else { State::Established };
        end.put(Mark::Syn, said.syn);
        end.put(Mark::Fin, said.fin);
        end.put(Mark::Nxt, Some(said.nxt));
        end
    }

    #[inline]
    fn mark(&self, mark: Mark) -> Option<Seq> {
        self.marks.get(mark as usize)
    }

    #[inline]
    fn put(&mut self, mark: Mark, seq: Option<Seq>) {
        self.marks.put(mark as usize, seq);
    }

    /// Whether it opened cleanly, and at most closed since. Where not, Zeek reports no gaps.
    fn is_sound(&self) -> bool {
        self.state == State::Established || self.state == State::Closed && self.was_established
    }

    /// Whether a segment brings nothing that was not sent before, although it has payload. Zeek
    /// takes the data of a first SYN, and that of a RST, for such.
    fn repeats(&mut self, segment: &Segment) -> bool {
        let flags = segment.flags;
        let reset = flags.contains(Flags::RST);
        let end = if reset { segment.end() - segment.len } else { segment.end() };
        let first = if flags.contains(Flags::SYN) { end } else { segment.seq };
        let nxt = self.mark(Mark::Nxt).unwrap_or(first);
        self.put(Mark::Nxt, Some(nxt));
        let ahead = end.offset_from(nxt);
        let again = flags.contains(Flags::SYN) && matches!(self.state, State::Established | State::Partial);
        if again || (flags.contains(Flags::SYN) || reset) && ahead.unsigned_abs() > TOO_FAR {
            self.put(Mark::Nxt, Some(end));
        } else if self.state == State::Reset {
            return false;
        } else if ahead > 0 {
            self.put(Mark::Nxt, Some(end));
        } else {
            return segment.len > 0;
        }
        false
    }

    fn tell_once(&mut self, letter: u8, side: Side, history: &mut History) {
        let bit = 1 << ONCE.iter().position(|once| *once == letter).unwrap_or(0);
        if self.told & bit == 0 {
            self.told |= bit;
            history.push(letter, side);
        }
    }

    fn tell_new(&mut self, kind: Mark, letter: u8, seq: Seq, side: Side, history: &mut History) {
        if self.mark(kind) != Some(seq) {
            self.put(kind, Some(seq));
            history.push(letter, side);
        }
    }
}

/// Writes the letter at the 1st, 10th, 100th... time.
fn tell_log(times: u32, letter: u8, side: Side, history: &mut History) {
    let mut power = 1_u32;
    while power < times {
        power = power.saturating_mul(10);
    }
    if power == times {
        history.push(letter, side);
    }
}

fn advance(segment: &Segment, role: Role, sender: &mut End, receiver: &mut End) {
    let flags = segment.flags;
    if flags.contains(Flags::RST) {
        if sender.state == State::Closed && receiver.state == State::Closed {
            return;
        }
        sender.fin_then_reset |= sender.state == State::Closed;
        sender.state = State::Reset;
        return;
    }
    match (sender.state, role) {
        // Its answer came first.
        (State::Inactive, Role::Client) if flags.is_syn() && receiver.state == State::Established => {
            sender.state = State::Established;
        }
        (State::Inactive, Role::Client) if flags.contains(Flags::SYN) => {
            sender.state = if flags.contains(Flags::ACK) { State::SynAckSent } else { State::SynSent };
        }
        (State::Inactive, Role::Server) if flags.contains(Flags::SYN) => {
            if receiver.state == State::SynSent {
                receiver.state = State::Established;
            }
            sender.state = State::Established;
        }
        (State::Inactive, _) => {
            let pure_ack = flags.contains(Flags::ACK) && segment.len == 0 && !flags.contains(Flags::FIN);
            if receiver.state == State::Established && flags.contains(Flags::ACK) {
                sender.state = State::Established;
            } else if !(role == Role::Server && receiver.state == State::SynSent && pure_ack) {
                sender.state = State::Partial;
            }
        }
        _ => {}
    }
    if flags.contains(Flags::FIN) {
        if sender.state != State::Reset {
            sender.was_established |= sender.state == State::Established;
            sender.state = State::Closed;
        }
        if receiver.state == State::Reset && receiver.fin_then_reset {
            receiver.state = State::Closed;
        }
    }
}

/// `conn_state` of a TCP connection: the first line that fits.
pub(super) fn conn_state(
    client: &End,
    server: &End,
    sent_nothing: bool,
    history: impl Iterator<Item = u8>,
) -> &'static str {
    use State::{Closed, Established, Inactive, Partial, Reset, SynAckSent, SynSent};

    let inactive = |end: &End| matches!(end.state, Inactive | Partial);
    match (client.state, server.state) {
        (SynSent | SynAckSent, Reset) => "REJ",
        (Reset, Reset) if sent_nothing => "REJ",
        (_, Reset) if inactive(client) => "RSTRH",
        (_, Reset) => "RSTR",
        (Reset, _) if !inactive(server) => "RSTO",
        (Reset, _) if is_syn_then_reset(history) => "RSTOS0",
        (Reset, _) => "OTH",
        (Closed, Closed) => "SF",
        (Closed, _) if inactive(server) => "SH",
        (Closed, _) => "S2",
        (_, Closed) if inactive(client) => "SHR",
        (_, Closed) => "S3",
        (SynSent, Inactive) => "S0",
        (Established, Established) => "S1",
        _ => "OTH",
    }
}

fn is_syn_then_reset(history: impl Iterator<Item = u8>) -> bool {
    let mut letters = history.skip_while(|letter| *letter == b'^');
    letters.next() == Some(b'S') && letters.find(|letter| b"RHAFGIQ".contains(letter)) == Some(b'R')
}
