//! Declared protocols for other programs: a dissector for Wireshark, a specification for Kaitai Struct.

mod ksy;
mod lua;
mod lua_sums;

pub use ksy::ksy;
pub use lua::lua;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::declared::parse;

    /// A protocol with one of everything.
    const ALL: &str = include_str!("../../../tests/declared/all.toml");

    #[test]
    fn what_is_exported_names_every_field() {
        for of in parse(ALL).expect("no mistake") {
            for text in [lua(&of), ksy(&of)] {
                for field in &of.fields {
                    assert!(text.contains(&field.name), "{} is missing in\n{text}", field.name);
                    for (_, name) in &field.names {
                        assert!(text.contains(name), "{name} is missing in\n{text}");
                    }
                }
            }
        }
    }
}
