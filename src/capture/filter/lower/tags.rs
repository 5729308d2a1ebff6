//! VLAN tags, MPLS labels and PPPoE sessions: conditions that go into what they find.

use std::ops::Range;

use super::link::{Layer, ethertype};
use super::{Lower, Lowered, Place};
use crate::capture::filter::error::Complaint;
use crate::capture::filter::value::{Rel, Width};

impl Lower<'_> {
    /// Whether there is a tag, and with this number. What follows looks behind it.
    pub(super) fn vlan(&mut self, id: Option<u32>, span: &Range<usize>) -> Lowered {
        if self.place.labels > 0 {
            return Err(Complaint::new(span, "there are no VLAN tags below an MPLS label"));
        }
        if self.place.layer != Layer::Ethernet {
            return Err(Complaint::new(span, format!("there are no VLAN tags on {}", self.place.layer)));
        }
        let [c_tag, s_tag, old] = ethertype::VLAN_TAGS;
        let mut cond = self.type_is(c_tag, span)?.or(self.type_is(s_tag, span)?).or(self.type_is(old, span)?);
        if let Some(id) = id {
            if id > 0xfff {
                return Err(Complaint::new(span, format!("{id} is no VLAN: they end at 4095")));
            }
            cond = cond.and(self.network_has(Width::Half, 0, id, 0xfff, span)?);
        }
        self.place.payload += 4;
        self.place.ethertype += 4;
        Ok(cond)
    }

    /// Whether there is a label, and this one. What follows looks below it.
    pub(super) fn mpls(&mut self, label: Option<u32>, span: &Range<usize>) -> Lowered {
        const PPP_MPLS: u32 = 0x0281;
        let mut cond = if self.place.labels > 0 {
            // The label before is not the last one.
            self.network_has(Width::Byte, 2u32.wrapping_neg(), 0, 1, span)?
        } else {
            match self.place.layer {
                Layer::Ethernet | Layer::CiscoHdlc => self.ethertype(ethertype::MPLS, span)?,
                Layer::Ppp | Layer::InnerPpp => self.type_is(PPP_MPLS, span)?,
                other => return Err(Complaint::new(span, format!("there are no MPLS labels on {other}"))),
            }
        };
        if let Some(label) = label {
            if label > 0xf_ffff {
                return Err(Complaint::new(span, format!("{label} is no MPLS label: they end at 1048575")));
            }
            cond = cond.and(self.network_has(Width::Word, 0, label << 12, 0xffff_f000, span)?);
        }
        self.place.network += 4;
        self.place.network_after_llc += 4;
        self.place.labels += 1;
        Ok(cond)
    }

    /// Whether there is a session, and this one. What follows looks at the PPP inside.
    pub(super) fn pppoe_session(&mut self, id: Option<u32>, span: &Range<usize>) -> Lowered {
        let mut cond = self.ethertype(ethertype::PPPOE_SESSION, span)?;
        if let Some(id) = id {
            if id > 0xffff {
                return Err(Complaint::new(span, format!("{id} is no PPPoE session: they end at 65535")));
            }
            let value = self.network(Width::Word, 0, span)?;
            let masked = self.values.masked(value, 0xffff);
            cond = cond.and(self.values.ask_number(Rel::Eq, masked, id));
        }
        let header = self.place.network_header().wrapping_add(6);
        let inner = Place::of(Layer::InnerPpp);
        self.place = Place {
            header,
            ethertype: header,
            payload: header.wrapping_add(inner.payload),
            labels: self.place.labels,
            ..inner
        };
        Ok(cond)
    }
}
