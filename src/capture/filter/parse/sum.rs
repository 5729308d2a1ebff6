//! Arithmetic and comparisons.

use super::{Element, Parser};
use crate::capture::filter::error::Complaint;
use crate::capture::filter::lex::Token;
use crate::capture::filter::tree::{Compare, Sum, What};
use crate::capture::filter::value::Op;

/// The most operators that one comparison may have.
const MOST_OPERATORS: u32 = 256;
/// How strongly a sign before a number binds.
const SIGN: u8 = 6;

/// An operator, and how strongly it binds. libpcap's grammar gives `%` and `^` no place in that
/// order: they take all that follows them, and what stands before binds less than they do.
fn operator(token: &Token) -> Option<(Op, Option<u8>)> {
    let Token::Sign(sign) = token else { return None };
    Some(match *sign {
        "|" => (Op::Or, Some(1)),
        "&" => (Op::And, Some(2)),
        "<<" => (Op::Shl, Some(3)),
        ">>" => (Op::Shr, Some(3)),
        "+" => (Op::Add, Some(4)),
        "-" => (Op::Sub, Some(4)),
        "*" => (Op::Mul, Some(5)),
        "/" => (Op::Div, Some(5)),
        "%" => (Op::Mod, None),
        "^" => (Op::Xor, None),
        _ => return None,
    })
}

fn comparison(token: &Token) -> Option<Compare> {
    let Token::Sign(sign) = token else { return None };
    Some(match *sign {
        "=" => Compare::Eq,
        "!=" => Compare::Ne,
        ">" => Compare::Gt,
        ">=" => Compare::Ge,
        "<" => Compare::Lt,
        "<=" => Compare::Le,
        _ => return None,
    })
}

impl Parser {
    pub(super) fn compares_on(&self) -> bool {
        comparison(self.token()).is_some()
    }

    pub(super) fn calculates_on(&self) -> bool {
        operator(self.token()).is_some()
    }

    /// A comparison whose left side was read.
    pub(super) fn comparison(&mut self, left: Sum, start: usize) -> Result<Element, Complaint> {
        let Some(how) = comparison(self.token()) else { return Ok(Element::Sum(left)) };
        self.at += 1;
        let right = self.sum(0)?;
        Ok(Element::Term(self.item(What::Compare(left, how, right), start), None))
    }

    /// Operands and the operators between them that bind more than `least`.
    pub(super) fn sum(&mut self, least: u8) -> Result<Sum, Complaint> {
        let first = self.operand()?;
        self.sum_from(first, least)
    }

    pub(super) fn sum_from(&mut self, mut a: Sum, least: u8) -> Result<Sum, Complaint> {
        while let Some((op, binds)) = operator(self.token()) {
            if binds.is_some_and(|binds| binds <= least) {
                break;
            }
            let span = self.span();
            self.count()?;
            self.at += 1;
            let b = self.sum(binds.unwrap_or(0))?;
            a = Sum::Calc { op, a: Box::new(a), b: Box::new(b), span };
        }
        Ok(a)
    }

    fn count(&mut self) -> Result<(), Complaint> {
        self.sums += 1;
        if self.sums > MOST_OPERATORS {
            let what = format!("there are more than {MOST_OPERATORS} operators in this comparison");
            return Err(Complaint::new(&self.span(), what));
        }
        Ok(())
    }

    fn operand(&mut self) -> Result<Sum, Complaint> {
        let start = self.start();
        match self.token().clone() {
            Token::Number(number) => {
                self.at += 1;
                Ok(Sum::Number(number))
            }
            Token::Word("len") => {
                self.at += 1;
                Ok(Sum::Len)
            }
            Token::Sign("-") => {
                self.count()?;
                self.at += 1;
                Ok(Sum::Negative(Box::new(self.sum(SIGN)?)))
            }
            Token::Sign("(") => {
                self.enter()?;
                self.at += 1;
                let sum = self.sum(0)?;
                self.close(start)?;
                self.depth -= 1;
                Ok(sum)
            }
            Token::Proto(proto) if *self.ahead(1) == Token::Sign("[") => {
                self.enter()?;
                self.at += 2;
                let at = self.sum(0)?;
                let width = if self.takes_sign(":") { self.plain_number(":")? } else { 1 };
                if !self.takes_sign("]") {
                    return Err(Complaint::new(&self.span(), "']' has to stand here")
                        .hint("octets are proto[offset] or proto[offset:length]"));
                }
                self.depth -= 1;
                Ok(Sum::Octets { proto, at: Box::new(at), width, span: self.since(start) })
            }
            Token::Name(name) if name.contains('-') => {
                let what = format!("'{name}' is one word, because '-' can be part of a name");
                Err(Complaint::new(&self.span(), what).hint("put spaces around '-' to subtract"))
            }
            _ => Err(Complaint::new(&self.span(), "a number has to stand here")),
        }
    }
}
