//! Tokens into a tree, by the grammar of pcap-filter(7) as libpcap has it.
//!
//! `and` and `or` bind alike and are read from left to right; `not` binds more. An address without
//! qualifiers takes those of the address before it, which a condition without an address breaks off
//! and parentheses restore.

mod address;
mod sum;

use std::ops::Range;

use super::error::Complaint;
use super::lex::{Spanned, Token, lex};
use super::tree::{Dir, Item, Kind, LLC_FRAMES, Named, Proto, Qualifiers, Row, Sum, What};
use super::value::Join;
use super::words::{Meaning, meaning, near};

/// How deep parentheses may be nested.
const DEEPEST: u32 = 100;

/// The tree of the text; `None` where it says nothing, and so chooses every packet.
pub(super) fn parse(text: &str) -> Result<Option<Row>, Complaint> {
    let mut parser = Parser { tokens: lex(text)?, at: 0, depth: 0, sums: 0 };
    if parser.token() == &Token::End {
        return Ok(None);
    }
    let (row, _) = parser.row(None)?;
    match parser.token() {
        Token::End => Ok(Some(row)),
        _ => Err(parser.left_over()),
    }
}

/// What an element of a row turned out to be.
enum Element {
    /// A condition, and the qualifiers that hold after it.
    Term(Item, Option<Qualifiers>),
    /// An address or number that takes the qualifiers of the one before.
    Bare(Item),
    /// A number, with nothing that it is compared with.
    Sum(Sum),
}

struct Parser {
    tokens: Vec<Spanned>,
    at: usize,
    depth: u32,
    /// Operators of the comparison that is being read.
    sums: u32,
}

impl Parser {
    fn token(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.at + by).map_or(&Token::End, |(token, _)| token)
    }

    /// Where the token stands.
    fn span(&self) -> Range<usize> {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0..0, |(_, span)| span.clone())
    }

    fn start(&self) -> usize {
        self.span().start
    }

    /// From there to the end of the last token that was read.
    fn since(&self, start: usize) -> Range<usize> {
        let end = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(start, |(_, span)| span.end);
        start..end.max(start)
    }

    fn next(&mut self) -> Token {
        let token = self.token().clone();
        self.at += 1;
        token
    }

    fn sees(&self, word: &str) -> bool {
        matches!(self.token(), Token::Word(seen) if *seen == word)
    }

    fn sees_sign(&self, sign: &str) -> bool {
        matches!(self.token(), Token::Sign(seen) if *seen == sign)
    }

    fn takes(&mut self, word: &str) -> bool {
        let takes = self.sees(word);
        self.at += usize::from(takes);
        takes
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let takes = self.sees_sign(sign);
        self.at += usize::from(takes);
        takes
    }

    fn joint(&mut self) -> Option<Join> {
        let join = match self.token() {
            Token::Word("and") => Join::And,
            Token::Word("or") => Join::Or,
            _ => return None,
        };
        self.at += 1;
        Some(join)
    }

    /// Whether an odd number of `not`s stands here.
    fn negated(&mut self) -> bool {
        let mut negated = false;
        while self.takes("not") {
            negated = !negated;
        }
        negated
    }

    fn enter(&mut self) -> Result<(), Complaint> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Complaint::new(&self.span(), format!("parentheses are nested more than {DEEPEST} deep")));
        }
        Ok(())
    }

    /// Elements and joints, up to what is neither; and the qualifiers that hold after them.
    fn row(&mut self, before: Option<Qualifiers>) -> Result<(Row, Option<Qualifiers>), Complaint> {
        let first = self.element(before)?;
        self.row_from(first, before)
    }

    fn row_from(&mut self, first: Element, before: Option<Qualifiers>) -> Result<(Row, Option<Qualifiers>), Complaint> {
        let Element::Term(first, mut held) = first else {
            return Err(self.no_condition(&first, before));
        };
        let mut rest = Vec::new();
        while let Some(join) = self.joint() {
            let start = self.start();
            match self.element(held)? {
                Element::Term(item, after) => {
                    rest.push((join, item));
                    held = after;
                }
                Element::Bare(item) => rest.push((join, item)),
                Element::Sum(sum) => rest.push((join, self.bare_number(sum, held, start, false)?)),
            }
        }
        Ok((Row { first: Box::new(first), rest }, held))
    }

    /// A condition, or what can take the qualifiers that hold.
    fn element(&mut self, held: Option<Qualifiers>) -> Result<Element, Complaint> {
        let start = self.start();
        let negated = self.negated();
        let element = self.primary(held)?;
        let element = match element {
            Element::Sum(sum) if self.compares_on() => self.comparison(sum, start)?,
            other => other,
        };
        Ok(match element {
            Element::Term(item, after) => Element::Term(self.turned(item, negated, start), after),
            Element::Bare(item) => Element::Bare(self.turned(item, negated, start)),
            Element::Sum(sum) if negated => Element::Bare(self.bare_number(sum, held, start, true)?),
            Element::Sum(sum) => Element::Sum(sum),
        })
    }

    fn turned(&self, item: Item, negated: bool, start: usize) -> Item {
        Item { negated: item.negated != negated, span: self.since(start), ..item }
    }

    fn item(&self, what: What, start: usize) -> Item {
        Item { negated: false, what, span: self.since(start) }
    }

    /// A number that stands for an address, a port or a protocol.
    fn bare_number(&self, sum: Sum, held: Option<Qualifiers>, start: usize, negated: bool) -> Result<Item, Complaint> {
        let span = self.since(start);
        match (sum, held) {
            (Sum::Number(number), Some(qualifiers)) => {
                Ok(Item { negated, what: What::Matches(qualifiers, Named::Number(number)), span })
            }
            (Sum::Number(_), None) => Err(unqualified(&span)),
            _ => {
                Err(Complaint::new(&span, "this is a number, and no condition").hint("compare it: =, !=, <, >, <=, >="))
            }
        }
    }

    fn primary(&mut self, held: Option<Qualifiers>) -> Result<Element, Complaint> {
        let start = self.start();
        match self.token().clone() {
            Token::Sign("(") => self.group(held),
            Token::Number(_) | Token::Sign("-") | Token::Word("len") => {
                self.sums = 0;
                Ok(Element::Sum(self.sum(0)?))
            }
            Token::Proto(_) if *self.ahead(1) == Token::Sign("[") => {
                self.sums = 0;
                Ok(Element::Sum(self.sum(0)?))
            }
            Token::Proto(proto) => {
                self.at += 1;
                self.about(Some(proto), start)
            }
            Token::V4(_) | Token::V6(_) | Token::Mac(_) | Token::Name(_) => {
                let Some(qualifiers) = held else { return Err(self.unknown(start)) };
                self.named(qualifiers).map(Element::Bare)
            }
            Token::Word(_) => self.about(None, start),
            Token::End => Err(self.breaks_off()),
            Token::Sign(sign) => {
                Err(Complaint::new(&self.span(), format!("a condition has to stand here, not '{sign}'")))
            }
        }
    }

    /// Parentheses, and what is in them.
    fn group(&mut self, held: Option<Qualifiers>) -> Result<Element, Complaint> {
        let start = self.start();
        self.enter()?;
        self.at += 1;
        let nested = self.sees_sign("(");
        let first = self.element(held)?;
        let element = match first {
            Element::Sum(sum) if self.sees_sign(")") => Element::Sum(sum),
            Element::Sum(sum) => {
                let item = self.bare_number(sum, held, start + 1, false)?;
                Element::Bare(self.bare_row(item, held, start)?)
            }
            Element::Bare(item) => {
                // libpcap's grammar has no list that begins with a list.
                if nested {
                    let what = "a list of addresses cannot begin with another list";
                    return Err(
                        Complaint::new(&item.span, what).hint("leave out the inner parentheses, or put it last")
                    );
                }
                Element::Bare(self.bare_row(item, held, start)?)
            }
            term @ Element::Term(..) => {
                let (row, _) = self.row_from(term, held)?;
                Element::Term(self.item(What::Group(row), start), held)
            }
        };
        self.close(start)?;
        self.depth -= 1;
        Ok(match element {
            Element::Term(item, after) => Element::Term(Item { span: self.since(start), ..item }, after),
            Element::Bare(item) => Element::Bare(Item { span: self.since(start), ..item }),
            Element::Sum(sum) if self.calculates_on() => Element::Sum(self.sum_from(sum, 0)?),
            Element::Sum(sum) => Element::Sum(sum),
        })
    }

    fn close(&mut self, start: usize) -> Result<(), Complaint> {
        if self.takes_sign(")") {
            return Ok(());
        }
        if self.token() == &Token::End {
            return Err(Complaint::new(&(start..start + 1), "this parenthesis is not closed").hint("add ')'"));
        }
        Err(self.left_over())
    }

    /// The rest of a list of bare addresses.
    fn bare_row(&mut self, first: Item, held: Option<Qualifiers>, start: usize) -> Result<Item, Complaint> {
        let mut rest = Vec::new();
        while let Some(join) = self.joint() {
            let from = self.start();
            match self.element(held)? {
                Element::Bare(item) => rest.push((join, item)),
                Element::Sum(sum) => rest.push((join, self.bare_number(sum, held, from, false)?)),
                Element::Term(item, _) => {
                    let what = "a list of addresses has only addresses in it";
                    return Err(Complaint::new(&item.span, what).hint("put this condition outside the parentheses"));
                }
            }
        }
        Ok(self.item(What::Group(Row { first: Box::new(first), rest }), start))
    }

    /// A condition about `proto`, where one was named: from the word behind it on.
    fn about(&mut self, proto: Option<Proto>, start: usize) -> Result<Element, Complaint> {
        let Token::Word(word) = *self.token() else {
            return match proto {
                Some(proto) => Ok(self.term(What::Proto(proto), start)),
                None => Err(self.unknown(start)),
            };
        };
        match word {
            "broadcast" | "multicast" => {
                self.at += 1;
                let what = if word == "broadcast" { What::Broadcast(proto) } else { What::Multicast(proto) };
                return Ok(self.term(what, start));
            }
            "src" | "dst" | "host" | "net" | "port" | "portrange" | "proto" | "protochain" => {
                let qualifiers = self.qualifiers(proto)?;
                let item = self.address(qualifiers)?;
                return Ok(Element::Term(Item { span: self.since(start), ..item }, Some(qualifiers)));
            }
            _ => {}
        }
        if let Some(proto) = proto {
            return Ok(self.term(What::Proto(proto), start));
        }
        self.at += 1;
        let what = match word {
            "less" => What::Less(self.plain_number(word)?),
            "greater" => What::Greater(self.plain_number(word)?),
            "ifindex" => What::Interface(self.plain_number(word)?),
            "inbound" => What::Inbound,
            "outbound" => What::Outbound,
            "vlan" => What::Vlan(self.number()),
            "mpls" => What::Mpls(self.number()),
            "pppoed" => What::PppoeDiscovery,
            "pppoes" => What::PppoeSession(self.number()),
            "llc" => What::Llc(self.llc_frame()?),
            _ => {
                self.at -= 1;
                return Err(Complaint::new(&self.span(), format!("'{word}' cannot stand here")));
            }
        };
        Ok(self.term(what, start))
    }

    fn term(&self, what: What, start: usize) -> Element {
        Element::Term(self.item(what, start), None)
    }

    /// `src`, `dst`, both of them, and what kind of address.
    fn qualifiers(&mut self, proto: Option<Proto>) -> Result<Qualifiers, Complaint> {
        let dir = self.direction();
        let kind = match self.token() {
            Token::Word("host") => Some(Kind::Host),
            Token::Word("net") => Some(Kind::Net),
            Token::Word("port") => Some(Kind::Port),
            Token::Word("portrange") => Some(Kind::PortRange),
            Token::Word(word @ ("proto" | "protochain")) => {
                if dir.is_some() {
                    let what = format!("'{word}' has no direction");
                    return Err(Complaint::new(&self.span(), what).hint("leave out 'src' and 'dst'"));
                }
                Some(if *word == "proto" { Kind::Proto } else { Kind::ProtoChain })
            }
            _ => None,
        };
        self.at += usize::from(kind.is_some());
        Ok(Qualifiers { proto, dir: dir.unwrap_or(Dir::Either), kind })
    }

    fn direction(&mut self) -> Option<Dir> {
        let (dir, other) = match self.token() {
            Token::Word("src") => (Dir::Src, "dst"),
            Token::Word("dst") => (Dir::Dst, "src"),
            _ => return None,
        };
        self.at += 1;
        let joined = match (self.token(), self.ahead(1)) {
            (Token::Word("or"), Token::Word(word)) if *word == other => Dir::Either,
            (Token::Word("and"), Token::Word(word)) if *word == other => Dir::Both,
            _ => return Some(dir),
        };
        self.at += 2;
        Some(joined)
    }

    /// A number, in parentheses or not, if one is here.
    fn number(&mut self) -> Option<u32> {
        let mut parentheses = 0;
        while self.ahead(parentheses) == &Token::Sign("(") {
            parentheses += 1;
        }
        let Token::Number(number) = *self.ahead(parentheses) else { return None };
        let closed = (1..=parentheses).all(|more| self.ahead(parentheses + more) == &Token::Sign(")"));
        self.at += if closed { 2 * parentheses + 1 } else { return None };
        Some(number)
    }

    fn plain_number(&mut self, word: &str) -> Result<u32, Complaint> {
        let Token::Number(number) = *self.token() else {
            return Err(Complaint::new(&self.span(), format!("a number has to follow '{word}'")));
        };
        self.at += 1;
        Ok(number)
    }

    fn llc_frame(&mut self) -> Result<Option<super::tree::LlcFrame>, Complaint> {
        let name = match self.token() {
            Token::Name(name) => name.to_ascii_lowercase(),
            Token::Word("rnr") => "rnr".to_owned(),
            _ => return Ok(None),
        };
        let Some((_, frame)) = LLC_FRAMES.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = LLC_FRAMES.iter().map(|(name, _)| *name).collect();
            let what = format!("'{name}' is not a kind of LLC frame");
            return Err(Complaint::new(&self.span(), what).hint(format!("there are {}", names.join(", "))));
        };
        self.at += 1;
        Ok(Some(*frame))
    }
}

/// What went wrong, in words.
impl Parser {
    /// Something stands where the expression could end.
    fn left_over(&self) -> Complaint {
        let span = self.span();
        // A name before an address was taken for one itself, and was meant for a word.
        if let Some((Token::Name(name), before)) = self.at.checked_sub(1).and_then(|at| self.tokens.get(at))
            && matches!(self.token(), Token::Number(_) | Token::V4(_) | Token::V6(_) | Token::Mac(_) | Token::Name(_))
        {
            return no_word(name, before);
        }
        match self.token() {
            Token::Name(name) => no_word(name, &span),
            Token::Sign(")") => Complaint::new(&span, "this parenthesis was not opened"),
            Token::Sign("=" | "!=" | "<" | ">" | "<=" | ">=") => {
                Complaint::new(&span, "only numbers from the packet are compared").hint("such as len > 100, ip[8] < 5")
            }
            Token::Sign(sign) => Complaint::new(&span, format!("'{sign}' cannot stand here")),
            _ => Complaint::new(&span, "'and' or 'or' has to stand before this"),
        }
    }

    fn breaks_off(&self) -> Complaint {
        let what = match self.at.checked_sub(1).and_then(|at| self.tokens.get(at)) {
            Some((Token::Word(word @ ("and" | "or" | "not")), _)) => format!("a condition has to follow '{word}'"),
            _ => "a condition has to stand here".to_owned(),
        };
        Complaint::new(&self.span(), what)
    }

    /// A word that is none, or an address without qualifiers.
    fn unknown(&self, start: usize) -> Complaint {
        let span = self.span();
        match self.token() {
            Token::Name(name) => no_word(name, &span),
            _ => unqualified(&(start..span.end)),
        }
    }

    /// Why a row cannot begin so.
    fn no_condition(&self, element: &Element, held: Option<Qualifiers>) -> Complaint {
        match element {
            Element::Term(item, _) => Complaint::new(&item.span, "a condition has to stand here"),
            Element::Bare(item) => Complaint::new(&item.span, "a row of conditions cannot begin with an address alone"),
            Element::Sum(sum) => {
                let span =
                    self.since(self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |(_, s)| s.start));
                match (sum, held) {
                    (Sum::Number(_), None) => unqualified(&span),
                    _ => Complaint::new(&span, "this is a number, and no condition")
                        .hint("compare it: =, !=, <, >, <=, >="),
                }
            }
        }
    }

    /// The word that stands here is one of the language's, where a name has to be.
    fn keyword_as_name(&self) -> Option<String> {
        match self.token() {
            Token::Word(word) => Some((*word).to_owned()),
            Token::Proto(proto) => Some(proto.word().to_owned()),
            _ => None,
        }
    }
}

fn no_word(name: &str, span: &Range<usize>) -> Complaint {
    let complaint = Complaint::new(span, format!("'{name}' is not a word of the filter language"));
    match near(name) {
        Some(word) => complaint.hint(format!("is it '{word}'?")),
        None => complaint,
    }
}

fn unqualified(span: &Range<usize>) -> Complaint {
    Complaint::new(span, "nothing says what this is").hint("write 'host', 'net', 'port' or the like before it")
}

/// Whether a name is also a word, so that it needs a backslash.
fn is_word(name: &str) -> bool {
    matches!(meaning(name), Some(Meaning::Word(_) | Meaning::Proto(_)))
}
