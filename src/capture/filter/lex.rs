//! Text into tokens. The longest match wins, as in libpcap's scanner; where two are as long, the one
//! that says more does: a word of the language, a hardware address, a number, an address, a name.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::error::Complaint;
use super::tree::Proto;
use super::words::{Meaning, meaning};

/// A piece of the text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Token {
    Word(&'static str),
    Proto(Proto),
    Number(u32),
    /// One to three dots: an IPv4 address, or the beginning of one.
    V4(String),
    V6(Ipv6Addr),
    Mac([u8; 6]),
    Name(String),
    Sign(&'static str),
    End,
}

/// A token and where it stands.
pub(super) type Spanned = (Token, Range<usize>);

/// Signs, the longer before those they begin with.
const SIGNS: &[(&str, &str)] = &[
    (">=", ">="),
    ("<=", "<="),
    ("!=", "!="),
    ("==", "="),
    ("<<", "<<"),
    (">>", ">>"),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
    ("%", "%"),
    (":", ":"),
    ("[", "["),
    ("]", "]"),
    ("<", "<"),
    (">", ">"),
    ("(", "("),
    (")", ")"),
    ("&", "&"),
    ("|", "|"),
    ("^", "^"),
    ("=", "="),
];

/// Signs that are words.
const SPELT: &[(&str, &str)] = &[("&&", "and"), ("||", "or"), ("!", "not")];

/// All tokens of the text, and the end.
pub(super) fn lex(text: &str) -> Result<Vec<Spanned>, Complaint> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if matches!(c, ' ' | '\t' | '\r' | '\n') {
            at += 1;
            continue;
        }
        let (token, len) = if let Some(name) = rest.strip_prefix('\\') {
            escaped(name, at)?
        } else if let Some(found) = longest(rest, at)? {
            found
        } else if let Some(sign) = sign(rest) {
            sign
        } else {
            let span = at..at + c.len_utf8();
            let shown = if c.is_control() { "a control character".to_owned() } else { format!("'{c}'") };
            return Err(Complaint::new(&span, format!("{shown} is no part of the filter language")));
        };
        tokens.push((token, at..at + len));
        at += len;
    }
    tokens.push((Token::End, text.len()..text.len()));
    Ok(tokens)
}

fn sign(rest: &str) -> Option<(Token, usize)> {
    if rest.starts_with("!=") {
        return Some((Token::Sign("!="), 2));
    }
    if let Some((spelling, word)) = SPELT.iter().find(|(spelling, _)| rest.starts_with(spelling)) {
        return Some((Token::Word(word), spelling.len()));
    }
    SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)).map(|(sign, plain)| (Token::Sign(plain), sign.len()))
}

/// `\name`: a name that would be a word of the language without.
fn escaped(name: &str, at: usize) -> Result<(Token, usize), Complaint> {
    let len = name.find([' ', '!', '(', ')', '\n', '\t']).unwrap_or(name.len());
    if len == 0 {
        return Err(Complaint::new(&(at..at + 1), "a name has to follow '\\'"));
    }
    Ok((Token::Name(name[..len].to_owned()), len + 1))
}

/// The longest of all that may begin here.
fn longest(rest: &str, at: usize) -> Result<Option<(Token, usize)>, Complaint> {
    let name = name_len(rest);
    let word = meaning(&rest[..name]);
    let mac = mac(rest);
    let number = number_len(rest);
    let v4 = v4_len(rest);
    let v6 = v6_len(rest);
    let torn = torn_mac_len(rest);
    let len = [name, mac.map_or(0, |(_, len)| len), number, v4, v6, torn].into_iter().max().unwrap_or(0);
    if len == 0 {
        return Ok(None);
    }
    let span = at..at + len;
    let text = &rest[..len];
    let token = match (word, mac) {
        (Some(Meaning::Word(word)), _) if len == name => Token::Word(word),
        (Some(Meaning::Proto(proto)), _) if len == name => Token::Proto(proto),
        (Some(Meaning::LeftOut(why)), _) if len == name => return Err(Complaint::new(&span, why)),
        (_, Some((mac, its))) if len == its => Token::Mac(mac),
        _ if len == number => Token::Number(number_of(text, &span)?),
        _ if len == v4 => Token::V4(text.to_owned()),
        _ if len == v6 => match text.parse() {
            Ok(addr) => Token::V6(addr),
            Err(_) => return Err(Complaint::new(&span, format!("'{text}' is not an IPv6 address"))),
        },
        _ if len == torn => {
            let what = format!("'{text}' is not an address");
            return Err(Complaint::new(&span, what).hint("a hardware address has six pairs of hexadecimal digits"));
        }
        (Some(Meaning::Number(number)), _) => Token::Number(number),
        _ => Token::Name(text.to_owned()),
    };
    Ok(Some((token, len)))
}

fn leading(text: &str, part: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|octet| part(*octet)).count()
}

/// Letters and digits, with `-`, `_` and `.` between them.
fn name_len(rest: &str) -> usize {
    if !rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return 0;
    }
    let len = leading(rest, |octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet));
    rest[..len].trim_end_matches(['-', '_']).len()
}

/// Decimal, octal with a 0 before it, or hexadecimal with 0x.
fn number_len(rest: &str) -> usize {
    if rest.starts_with("0x") || rest.starts_with("0X") {
        let digits = leading(&rest[2..], |octet| octet.is_ascii_hexdigit());
        if digits > 0 {
            return digits + 2;
        }
    }
    leading(rest, |octet| octet.is_ascii_digit())
}

fn number_of(text: &str, span: &Range<usize>) -> Result<u32, Complaint> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    if radix == 8 && digits.contains(['8', '9']) {
        let what = format!("'{text}' begins with 0, so it is octal, and has a digit that is not");
        return Err(Complaint::new(span, what).hint(format!("try {}", text.trim_start_matches('0'))));
    }
    u32::from_str_radix(digits, radix).map_err(|_| Complaint::new(span, format!("'{text}' does not fit in 32 bits")))
}

/// Numbers with one to three dots between them.
fn v4_len(rest: &str) -> usize {
    let mut len = number_len(rest);
    let mut dots = 0;
    while len > 0 && dots < 3 && rest[len..].starts_with('.') {
        let more = number_len(&rest[len + 1..]);
        if more == 0 {
            break;
        }
        len += 1 + more;
        dots += 1;
    }
    if dots > 0 { len } else { 0 }
}

/// The longest beginning that looks like an IPv6 address.
fn v6_len(rest: &str) -> usize {
    const MOST: usize = 8 * 5 + 16;
    let len = leading(rest, |octet| octet.is_ascii_hexdigit() || b":.".contains(&octet)).min(MOST);
    (2..=len).rev().find(|len| looks_like_v6(&rest[..*len])).unwrap_or(0)
}

fn looks_like_v6(text: &str) -> bool {
    let groups = |part: &str| -> Option<usize> {
        if part.is_empty() {
            return Some(0);
        }
        let mut count = 0;
        let mut rest = part.split(':').peekable();
        while let Some(group) = rest.next() {
            count += match group {
                dotted if dotted.contains('.') => {
                    let octets =
                        dotted.split('.').filter(|octet| number_len(octet) == octet.len() && !octet.is_empty());
                    if rest.peek().is_some() || octets.count() != 4 || dotted.split('.').count() != 4 {
                        return None;
                    }
                    2
                }
                hex if (1..=4).contains(&hex.len()) && hex.bytes().all(|octet| octet.is_ascii_hexdigit()) => 1,
                _ => return None,
            };
        }
        Some(count)
    };
    match text.split_once("::") {
        None => groups(text) == Some(8),
        Some((left, _)) if left.contains('.') => false,
        Some((left, right)) => matches!((groups(left), groups(right)), (Some(a), Some(b)) if a + b <= 7),
    }
}

/// Six octets with `:`, `-` or `.` between them, or twelve digits with two dots or none.
fn mac(rest: &str) -> Option<([u8; 6], usize)> {
    [":", "-", "."]
        .into_iter()
        .filter_map(|between| pairs(rest, between))
        .chain(fours(rest))
        .max_by_key(|(_, len)| *len)
}

fn pairs(rest: &str, between: &str) -> Option<([u8; 6], usize)> {
    let mut mac = [0; 6];
    let mut len = 0;
    for (number, octet) in mac.iter_mut().enumerate() {
        if number > 0 {
            len += rest[len..].starts_with(between).then_some(1)?;
        }
        let digits = leading(&rest[len..], |octet| octet.is_ascii_hexdigit()).min(2);
        *octet = u8::from_str_radix(&rest[len..len + digits], 16).ok()?;
        len += digits;
    }
    Some((mac, len))
}

fn fours(rest: &str) -> Option<([u8; 6], usize)> {
    let digit = |text: &str| text.bytes().all(|octet| octet.is_ascii_hexdigit());
    let digits = match rest.get(..14).map(|text| (text, [4, 9].map(|at| text.as_bytes().get(at)))) {
        Some((text, [Some(b'.'), Some(b'.')])) => format!("{}{}{}", &text[..4], text.get(5..9)?, text.get(10..)?),
        _ => rest.get(..12)?.to_owned(),
    };
    let len = if digit(rest.get(..12)?) { 12 } else { 14 };
    if digits.len() != 12 || !digit(&digits) {
        return None;
    }
    let number = u64::from_str_radix(&digits, 16).ok()?;
    let [_, _, mac @ ..] = number.to_be_bytes();
    Some((mac, len))
}

/// Two or more pairs of digits, each with colons behind it: what looks like a hardware address and
/// is none.
fn torn_mac_len(rest: &str) -> usize {
    let mut len = 0;
    let mut pairs = 0;
    loop {
        let digits = leading(&rest[len..], |octet| octet.is_ascii_hexdigit());
        let colons = leading(&rest[len + digits..], |octet| octet == b':');
        if !(1..=2).contains(&digits) || colons == 0 {
            return if pairs > 1 { len } else { 0 };
        }
        len += digits + colons;
        pairs += 1;
    }
}
