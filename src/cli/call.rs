//! The call: the words of the command line, and those that the configuration file adds.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use super::config::{self, Config};
use super::{Cli, args, examples, protocols};
use crate::report::paint;

/// The grammar of the command line, with examples for every command.
pub(super) fn grammar() -> Command {
    let grammar = Cli::command();
    let names: Vec<String> = grammar.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.into_iter().fold(grammar, |grammar, name| match examples::of(&name) {
        Some(text) => grammar.mut_subcommand(name, |command| command.after_help(text)),
        None => grammar,
    })
}

/// What `args` ask for, the program's name first.
pub(super) fn understood(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<Cli> {
    let args = args::understood(args);
    let mut grammar = grammar();
    let matches = parse(&mut grammar, &args)?;
    let left_out = matches.get_flag("no_config");
    protocols::set_folder(config::protocols(left_out));
    let Some(config) = config::read(left_out, &grammar)? else {
        return cli(&mut grammar, &matches);
    };
    let args = with_config(&config, &grammar, &matches, args);
    let matches = parse(&mut grammar, &args).map_err(|error| {
        let advice = format!("{error}\n{} says some of it; '--no-config' leaves it out\n", config.path.display());
        clap::Error::raw(error.kind(), advice)
    })?;
    let cli = cli(&mut grammar, &matches)?;
    paint::dye(config.palette);
    Ok(cli)
}

fn parse(grammar: &mut Command, args: &[OsString]) -> Result<ArgMatches, clap::Error> {
    grammar.try_get_matches_from_mut(args).map_err(|error| args::meant(error, args))
}

fn cli(grammar: &mut Command, matches: &ArgMatches) -> anyhow::Result<Cli> {
    Cli::from_arg_matches(matches).map_err(|error| error.format(grammar).into())
}

/// The words of the call and those of the configuration that it leaves room for: what is said on the
/// command line goes before, and so does what stands against it.
fn with_config(config: &Config, grammar: &Command, matches: &ArgMatches, mut args: Vec<OsString>) -> Vec<OsString> {
    let Some((name, said)) = matches.subcommand() else { return args };
    let (Some(at), Some(command)) = (args.iter().skip(1).position(|arg| arg == name), grammar.find_subcommand(name))
    else {
        return args;
    };
    let is_said = |id: &str| said.try_contains_id(id).is_ok() && is_from_the_line(said, id);
    let mut more: Vec<OsString> = Vec::new();
    for option in config.options.iter().filter(|option| option.command.is_empty() || option.command == name) {
        let stands_against =
            |arg: &Arg| command.get_arg_conflicts_with(arg).iter().any(|arg| is_said(arg.get_id().as_str()));
        let contradicted = command
            .get_arguments()
            .filter(|arg| is_said(arg.get_id().as_str()))
            .any(|arg| command.get_arg_conflicts_with(arg).iter().any(|other| *other.get_id() == option.id));
        let own = command.get_arguments().find(|arg| *arg.get_id() == option.id);
        if !is_said(&option.id) && !contradicted && !own.is_some_and(stands_against) {
            more.extend(option.words.iter().map(OsString::from));
        }
    }
    args.splice(at + 2..at + 2, more);
    args
}

fn is_from_the_line(matches: &ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
}

/// Whether a call is refused for a value that is none of the option's.
pub(super) fn is_of_a_value(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        grammar().debug_assert();
    }

    #[test]
    fn every_command_has_examples_that_are_understood() {
        for command in grammar().get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = command.get_name();
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("synfin ")).collect();
            assert!(!examples.is_empty(), "`synfin help {name}` has no examples");
            for example in examples {
                // What it does stands two spaces behind it, and what the shell does behind its signs.
                let call = example.split("  ").next().unwrap_or_default();
                let call = call.split(" > ").next().unwrap_or_default().split(" | ").next().unwrap_or_default();
                let words = std::iter::once("synfin").chain(words(call)).map(OsString::from);
                let asked = grammar().try_get_matches_from(args::understood(words));
                let understood = asked.as_ref().is_ok_and(|matches| matches.subcommand_name() == Some(name));
                assert!(
                    understood,
                    "`synfin {call}`: {}",
                    asked.err().map(|error| error.to_string()).unwrap_or_default()
                );
            }
        }
    }

    /// The words of a call, quotes taken off.
    fn words(call: &str) -> Vec<&str> {
        let mut words = Vec::new();
        for (at, part) in call.split(['\'', '"']).enumerate() {
            if at % 2 == 0 { words.extend(part.split_whitespace()) } else { words.push(part) }
        }
        words
    }
}
