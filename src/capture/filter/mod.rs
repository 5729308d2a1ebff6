//! Filters: which frames are looked at, in the language of pcap-filter(7).
//!
//! [`Filter::parse`] reads an expression. [`Filter::program`] makes of it, for a link type, a
//! program of the classic BSD Packet Filter, which [`Program::run`] runs on the octets of a frame;
//! [`Filter::kernel_program`] makes the one for a socket, which sees frames a little differently.
//! [`Filtered`] is a [`Source`](crate::capture::Source) that leaves out what a filter does not choose.
//!
//! ```
//! use synfin::capture::Link;
//! use synfin::capture::filter::Filter;
//!
//! let filter = Filter::parse("tcp port 80 or 443")?;
//! let program = filter.program(Link::Ethernet)?;
//! let frame = [0; 60];
//! assert_eq!(program.run(&frame, 60), 0, "no IP, and so no TCP");
//! # Ok::<(), synfin::capture::filter::FilterError>(())
//! ```
//!
//! The way is: text, tokens (`lex`), tree (`parse`), questions about octets (`lower`), a graph of them
//! (`graph`), instructions (`emit`). Verdicts are libpcap's, packet by packet, for frames cut short
//! too; `docs/filters.md` says what is left out.

mod display;
mod emit;
mod error;
mod graph;
mod lex;
mod lower;
mod names;
mod parse;
mod print;
mod program;
mod run;
mod source;
mod tree;
mod value;
mod view;
mod words;

pub use error::FilterError;
pub use print::Listing;
pub use program::{Instruction, MOST_INSTRUCTIONS, Program, Unsound};
pub use source::Filtered;

use super::frame::Link;
use emit::Unfit;
use error::Complaint;
use graph::{CHOOSE, Graph, Node, REFUSE};
use tree::Row;
use value::{Rel, Test, Values, Width};
use view::{Cooked, View, known};

/// The link types that filters know: the one with most to ask for first.
const LINKS: [Link; 10] = [
    Link::Ethernet,
    Link::Sll,
    Link::Sll2,
    Link::Raw,
    Link::Ppp,
    Link::Pppoe,
    Link::Null,
    Link::Loop,
    Link::Other(104),
    Link::Other(10),
];

/// An expression of the filter language, read and understood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Filter {
    text: String,
    /// Nothing chooses every frame.
    row: Option<Row>,
}

impl Filter {
    /// Reads an expression. An empty one chooses every frame.
    ///
    /// # Errors
    ///
    /// Where it is not in the language, or makes no sense on any link type. What makes none on a
    /// certain one is told by [`Filter::program`].
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let row = parse::parse(text).map_err(|complaint| display::advice(text).unwrap_or(complaint).about(text))?;
        let filter = Self { text: text.to_owned(), row };
        filter.makes_sense_somewhere()?;
        Ok(filter)
    }

    /// Finds what is wrong on every link type, such as a port that there cannot be.
    fn makes_sense_somewhere(&self) -> Result<(), FilterError> {
        let Some(row) = &self.row else { return Ok(()) };
        let views = [false, true].map(|kernel| View { kernel, ..View::default() });
        let mut tried = LINKS
            .iter()
            .flat_map(|link| views.map(|view| (*link, view)))
            .map(|(link, view)| lower::lower(&mut Values::default(), row, link, view));
        match tried.next() {
            Some(Err(complaint)) if tried.all(|lowered| lowered.is_err()) => Err(complaint.about(&self.text)),
            _ => Ok(()),
        }
    }

    /// The expression, as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The program for frames of this link type as they are on the wire.
    ///
    /// # Errors
    ///
    /// Where the link type is none that filters know, or has not what the expression asks for.
    pub fn program(&self, link: Link) -> Result<Program, FilterError> {
        self.compile(link, &[View::default()])
    }

    /// The program for a packet socket's filter in the kernel, whose frames will be of this link
    /// type: its verdict on a frame is that of [`Filter::program`] on the same frame as captured.
    ///
    /// The kernel shows the filter less than that. Of Ethernet, and of [`Link::Sll`], it has taken
    /// off the outer VLAN tag, which the capture is to put back before the frame is written or
    /// decoded. For [`Link::Sll`] and [`Link::Sll2`], the socket has to be one without link headers
    /// (`SOCK_DGRAM`). `inbound`, `outbound` and `ifindex` work on every link type.
    ///
    /// # Errors
    ///
    /// As [`Filter::program`]; and where the expression looks at something that the kernel does not
    /// show, such as the hardware address of a cooked frame.
    pub fn kernel_program(&self, link: Link) -> Result<Program, FilterError> {
        let plain = View { kernel: true, ..View::default() };
        let views = match link {
            Link::Ethernet => vec![plain, View { tag: Some(12), ..plain }],
            Link::Sll => {
                let cooked = View { cooked: Some(Cooked::V1), ..plain };
                vec![cooked, View { tag: Some(14), ..cooked }]
            }
            Link::Sll2 => vec![View { cooked: Some(Cooked::V2), ..plain }],
            _ => vec![plain],
        };
        self.compile(link, &views)
    }

    /// The program for frames that are seen in the first way, or, where the kernel has taken off a tag,
    /// in the second.
    fn compile(&self, link: Link, views: &[View]) -> Result<Program, FilterError> {
        let mut values = Values::default();
        let mut graph = Graph::default();
        let mut begin = CHOOSE;
        for (number, view) in views.iter().enumerate() {
            let start = match &self.row {
                None => CHOOSE,
                Some(row) => {
                    let cond = lower::lower(&mut values, row, link, *view).map_err(|it| it.about(&self.text))?;
                    graph.build(&mut values, &cond, CHOOSE, REFUSE)
                }
            };
            begin = if number == 0 || start == begin {
                start
            } else {
                let tagged = values.load(Width::Byte, None, known::VLAN_TAG_PRESENT);
                let test = Test { rel: Rel::Eq, a: tagged, b: values.number(1) };
                graph.keep(Node::Ask { test, yes: start, no: begin })
            };
        }
        begin = graph::shorten(&mut graph, &values, begin);
        let instructions = emit::emit(&graph, &values, begin, program::WHOLE).map_err(|unfit| self.unfit(unfit))?;
        // What is emitted is sound; were it not, it must not run.
        Program::new(instructions).map_err(|unsound| self.complaint(&unsound.to_string()).about(&self.text))
    }

    fn unfit(&self, unfit: Unfit) -> FilterError {
        match unfit {
            Unfit::TooLong => self
                .complaint(&format!(
                    "this takes more than {MOST_INSTRUCTIONS} instructions, the most a filter may have"
                ))
                .hint("networks take fewer than the hosts in them, ranges fewer than the ports in them"),
            Unfit::Nowhere => lower::not_shown(&self.row.as_ref().map_or(0..0, Row::span)),
            Unfit::TooDeep => self.complaint("this sum takes more memory than a filter has"),
        }
        .about(&self.text)
    }

    fn complaint(&self, what: &str) -> Complaint {
        Complaint::new(&self.row.as_ref().map_or(0..0, Row::span), what)
    }
}

#[cfg(test)]
mod tests;
