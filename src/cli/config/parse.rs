//! What stands in the file, held against the grammar of the command line: the door of toml.

use std::ops::Range;

use clap::{Arg, ArgAction, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Preset, SETTABLE};
use crate::cli::call::is_of_a_value;
use crate::report::paint::Palette;

/// Something that cannot be meant so.
#[derive(Debug)]
pub(super) struct Mistake {
    /// Where it begins, in octets.
    at: usize,
    /// What is wrong, and what was expected.
    pub(super) what: String,
}

impl Mistake {
    fn new(span: Range<usize>, what: String) -> Self {
        Self { at: span.start, what }
    }

    /// Its line and column in `text`, both from 1.
    pub(super) fn place(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.at).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }
}

/// Reads a configuration.
pub(super) fn parse(text: &str, grammar: &Command) -> Result<(Palette, Vec<Preset>), Mistake> {
    let file = DeTable::parse(text).map_err(|error| Mistake {
        at: error.span().map_or(0, |span| span.start),
        what: error.message().trim_end().replace('\n', ", "),
    })?;
    let (mut palette, mut options) = (Palette::default(), Vec::new());
    for (key, value) in file.get_ref() {
        let name: &str = key.get_ref();
        match name {
            "color" => options.push(option(grammar, "", key, value)?),
            "colors" => {
                for (role, color) in table(key, value)? {
                    let Some(words) = color.get_ref().as_str() else {
                        return Err(expected(color, "the name of a colour, as in \"bright blue\""));
                    };
                    palette.set(role.get_ref(), words).map_err(|error| {
                        let wrong = if error.is_of_the_role { role.span() } else { color.span() };
                        Mistake::new(wrong, error.what)
                    })?;
                }
            }
            command if is_command(grammar, command) => {
                for (key, value) in table(key, value)? {
                    options.push(option(grammar, command, key, value)?);
                }
            }
            other => {
                let what = format!(
                    "'{other}' is nothing to set; expected color, [colors] or the name of a command, as [read]"
                );
                return Err(Mistake::new(key.span(), what));
            }
        }
    }
    Ok((palette, options))
}

fn is_command(grammar: &Command, name: &str) -> bool {
    grammar.find_subcommand(name).is_some_and(|command| !command.is_hide_set())
}

type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

fn table<'t, 'i>(
    key: &Spanned<std::borrow::Cow<'i, str>>,
    value: &'t Spanned<DeValue<'i>>,
) -> Result<impl Iterator<Item = Entry<'t, 'i>>, Mistake> {
    let Some(table) = value.get_ref().as_table() else {
        let name = key.get_ref();
        return Err(Mistake::new(value.span(), format!("'{name}' is {}; expected a table, [{name}]", kind(value))));
    };
    Ok(table.iter())
}

/// An option of `command`, of all where that is empty.
fn option(
    grammar: &Command,
    command: &str,
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<Preset, Mistake> {
    let name: &str = key.get_ref();
    let of = if command.is_empty() { Some(grammar) } else { grammar.find_subcommand(command) };
    let arg = of.into_iter().flat_map(Command::get_arguments).find(|arg| is_called(arg, name));
    let Some(arg) = arg.filter(|_| command.is_empty() || SETTABLE.contains(&name)) else {
        let there: Vec<&str> = of
            .into_iter()
            .flat_map(Command::get_arguments)
            .flat_map(|arg| SETTABLE.iter().copied().filter(|name| is_called(arg, name)))
            .collect();
        let what = if arg.is_some() { "can only be said in the call" } else { "is no option" };
        let what = format!("'{name}' of {command} {what}; expected one of {}", there.join(", "));
        return Err(Mistake::new(key.span(), what));
    };
    if name == "proto" && !value.get_ref().as_str().is_some_and(|word| PROTOCOLS.contains(&word)) {
        return Err(expected(value, "one of tcp, udp, icmp and all"));
    }
    let words = words(arg, value)?;
    check(grammar, command, arg, &words, value)?;
    Ok(Preset { command: command.to_owned(), id: arg.get_id().to_string(), words })
}

/// What `proto` of conns can be set to: not to a file, of which the call has to speak.
const PROTOCOLS: [&str; 4] = ["tcp", "udp", "icmp", "all"];

fn is_called(arg: &Arg, name: &str) -> bool {
    arg.get_long() == Some(name) || arg.get_short().is_some_and(|letter| name.chars().eq([letter]))
}

/// An option and its value as words of a command line.
fn words(arg: &Arg, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Mistake> {
    let (flag, is_long) = match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => (format!("--{long}"), true),
        (None, letter) => (letter.map_or_else(String::new, |letter| format!("-{letter}")), false),
    };
    match arg.get_action() {
        ArgAction::SetTrue => match value.get_ref().as_bool() {
            Some(true) => Ok(vec![flag]),
            Some(false) => Ok(Vec::new()),
            None => Err(expected(value, "true or false")),
        },
        ArgAction::Count => match integer(value) {
            Some(times @ 0..=9) => Ok(vec![flag; times as usize]),
            _ => Err(expected(value, "a number from 0 to 9")),
        },
        _ => {
            let values = match value.get_ref().as_array() {
                Some(items) => items.iter().map(word).collect::<Result<Vec<_>, _>>()?.join(","),
                None => word(value)?,
            };
            Ok(vec![if is_long { format!("{flag}={values}") } else { format!("{flag}{values}") }])
        }
    }
}

fn word(value: &Spanned<DeValue<'_>>) -> Result<String, Mistake> {
    match (value.get_ref().as_str(), integer(value)) {
        (Some(word), _) => Ok(word.to_owned()),
        (None, Some(number)) => Ok(number.to_string()),
        (None, None) => Err(expected(value, "text in quotes or a number")),
    }
}

fn integer(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let integer = value.get_ref().as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn expected(value: &Spanned<DeValue<'_>>, what: &str) -> Mistake {
    Mistake::new(value.span(), format!("this is {}; expected {what}", kind(value)))
}

fn kind(value: &Spanned<DeValue<'_>>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Whether the grammar takes the value.
fn check(
    grammar: &Command,
    command: &str,
    arg: &Arg,
    words: &[String],
    value: &Spanned<DeValue<'_>>,
) -> Result<(), Mistake> {
    let call = ["synfin"].into_iter().chain((!command.is_empty()).then_some(command));
    let call = call.chain(words.iter().map(String::as_str));
    let Err(error) = grammar.clone().try_get_matches_from(call) else { return Ok(()) };
    if !is_of_a_value(&error) {
        return Ok(());
    }
    let told = error.to_string();
    let told = told.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let values: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let expected = if values.is_empty() { String::new() } else { format!("; expected one of {}", values.join(", ")) };
    Err(Mistake::new(value.span(), format!("{told}{expected}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::call::grammar;

    fn mistake(text: &str) -> String {
        let mistake = parse(text, &grammar()).expect_err(text);
        let (line, column) = mistake.place(text);
        format!("{line}:{column}: {}", mistake.what)
    }

    #[test]
    fn options_become_the_words_of_a_call() {
        let text = "color = 'never'\n[read]\nt = 4\nS = true\nq = false\n[conns]\nsort = 'start'\ntop = 20\n\
                    columns = ['client', 'open']";
        let (_, options) = parse(text, &grammar()).expect("nothing is wrong with it");
        let mut words: Vec<_> = options.into_iter().map(|option| (option.command, option.words.join(" "))).collect();
        words.sort();
        let said = [
            ("", "--color=never"),
            ("conns", "--columns=client,open"),
            ("conns", "--sort=start"),
            ("conns", "--top=20"),
            ("read", ""),
            ("read", "-S"),
            ("read", "-t -t -t -t"),
        ];
        assert_eq!(words, said.map(|(command, words)| (command.to_owned(), words.to_owned())));
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_what_was_expected() {
        for (text, told) in [
            (
                "color = 'sometimes'",
                "1:9: invalid value 'sometimes' for '--color <WHEN>'; expected one of auto, always, never",
            ),
            ("[conns]\n  sort = 'size'", "2:10: invalid value 'size' for '--sort <KEY>'; expected one of id, start,"),
            ("[read]\nt = 'much'", "2:5: this is text; expected a number from 0 to 9"),
            ("[read]\nS = 1", "2:5: this is a number; expected true or false"),
            ("[conns]\ntop = [1.5]", "2:8: this is a fraction; expected text in quotes or a number"),
            ("[conns]\nmax-connections = 0", "2:19: invalid value '0' for '--max-connections <N>': 0 is not in 1..="),
            ("[conns]\nsrot = 'id'", "2:1: 'srot' of conns is no option; expected one of "),
            ("[sniff]\nw = 'x.pcap'", "2:1: 'w' of sniff can only be said in the call; expected one of "),
            ("[raed]", "1:2: 'raed' is nothing to set; expected color, [colors] or the name of a command"),
            ("read = 1", "1:8: 'read' is a number; expected a table, [read]"),
            ("[colors]\nclient = 'mauve'", "2:10: 'mauve' is no colour; expected "),
            ("[colors]\nserv = 'red'", "2:1: 'serv' has no colour; expected one of dim, bold, client, server, "),
            ("[colors]\nclient = 3", "2:10: this is a number; expected the name of a colour"),
            ("color = ", "1:9: "),
        ] {
            let mistake = mistake(text);
            assert!(mistake.starts_with(told), "{text}\n{mistake}\nis not\n{told}");
        }
    }

    #[test]
    fn what_can_be_set_is_an_option_of_a_command_and_takes_no_file() {
        let grammar = grammar();
        for name in SETTABLE {
            let known = grammar.get_subcommands().flat_map(Command::get_arguments).any(|arg| is_called(arg, name));
            assert!(known, "no command has '{name}'");
        }
    }
}
