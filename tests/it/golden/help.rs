//! The help of every command and subcommand.

use clap::CommandFactory;
use listingwatch::cli::request::Arguments;

use super::compare;

#[test]
fn help_of_every_command() {
    // Of clap's own definitions, which the program prints as they are; the environment has no say in them.
    let mut all = String::new();
    let mut root = Arguments::command().term_width(110).hide_env_values();
    root.build();
    collect(&mut root, &mut all);
    assert!(all.contains("listingwatch referrals approve"), "subcommands are among them");
    compare("help.txt", &all);
}

trait WithoutEnvironment {
    fn hide_env_values(self) -> Self;
}

impl WithoutEnvironment for clap::Command {
    fn hide_env_values(self) -> Self {
        self.mut_args(|argument| argument.hide_env_values(true))
    }
}

fn collect(command: &mut clap::Command, all: &mut String) {
    if command.get_name() == "help" {
        return;
    }
    all.push_str(&format!("$ {} --help\n", command.get_bin_name().unwrap_or(command.get_name())));
    all.push_str(&command.render_long_help().to_string());
    all.push('\n');
    for sub in command.get_subcommands_mut() {
        collect(sub, all);
    }
}
