//! The door: calls, exit codes, and what is said where.
//!
//! `UPDATE_CLI=1 cargo test --test cli` writes the help texts in `tests/cli/` anew; what changed is
//! then git's to show.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[test]
fn help_reads_as_before() {
    let update = std::env::var_os("UPDATE_CLI").is_some();
    assert!(!update || std::env::var_os("CI").is_none(), "UPDATE_CLI would hide every change");
    let mut calls = vec![("synfin-h".to_owned(), "-h".to_owned()), ("synfin-help".to_owned(), "--help".to_owned())];
    for command in commands() {
        calls.push((format!("{command}-h"), format!("{command} -h")));
        calls.push((format!("{command}-help"), format!("help {command}")));
    }
    for (name, call) in calls {
        let call = call.as_str();
        let ran = synfin(call);
        assert_eq!(code(&ran), 0, "{call}");
        let snapshot = root().join("tests/cli").join(format!("{name}.txt"));
        if update {
            fs::write(&snapshot, &ran.stdout).expect("the folder can be written");
        }
        let before = fs::read_to_string(&snapshot).unwrap_or_default();
        assert_eq!(before, stdout(&ran), "`synfin {call}`; if that is right: UPDATE_CLI=1 cargo test --test cli");
    }
}

#[test]
fn manual_pages_and_completions_read_as_before() {
    let update = std::env::var_os("UPDATE_CLI").is_some();
    let made = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("man");
    fs::create_dir_all(&made).expect("the folder can be made");
    let ran = command().args(["man", "--dir"]).arg(&made).output().expect("the program is there");
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    let mut pages = vec![("synfin.1".to_owned(), fs::read_to_string(made.join("synfin.1")).expect("a page"))];
    for name in commands() {
        let page = format!("synfin-{name}.1");
        let text = fs::read_to_string(made.join(&page)).expect("a page for every command");
        assert_eq!(text, stdout(&synfin(&format!("man {name}"))), "{name}");
        pages.push((page, text));
    }
    for (shell, file) in [
        ("bash", "synfin.bash"),
        ("zsh", "_synfin"),
        ("fish", "synfin.fish"),
        ("elvish", "synfin.elv"),
        ("powershell", "synfin.ps1"),
    ] {
        let ran = synfin(&format!("completions {shell}"));
        assert_eq!(code(&ran), 0, "{shell}");
        pages.push((file.to_owned(), stdout(&ran)));
    }
    for (file, text) in pages {
        let snapshot = root().join("tests/cli/made").join(&file);
        if update {
            fs::write(&snapshot, &text).expect("the folder can be written");
        }
        let before = fs::read_to_string(&snapshot).unwrap_or_default();
        assert!(before == text, "{file} differs; if that is right: UPDATE_CLI=1 cargo test --test cli");
    }
}

#[test]
fn bash_completes_commands_and_options() {
    let script = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("synfin.bash");
    fs::write(&script, synfin("completions bash").stdout).expect("the folder can be written");
    for (words, completed) in
        [("synfin con", "conns"), ("synfin conns --wi", "--wide"), ("synfin conns --sort zero", "zero-windows")]
    {
        let words: Vec<&str> = words.split(' ').collect();
        let ask = format!(
            "source '{}'; COMP_WORDS=({}); COMP_CWORD={}; _synfin synfin '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
            script.display(),
            words.join(" "),
            words.len() - 1,
            words[words.len() - 1],
            words[words.len() - 2]
        );
        let ran = Command::new("bash").args(["--norc", "-c", &ask]).output().expect("bash is there");
        let told = stdout(&ran);
        assert!(told.split_whitespace().any(|word| word == completed), "{words:?}: {told}{}", stderr(&ran));
    }
}

#[test]
fn a_configuration_says_what_the_call_does_not() {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("config");
    // What an earlier run left has other rights.
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(home.join("synfin")).expect("the folder can be made");
    let file = home.join("synfin/config.toml");
    let text = "color = 'always'\n[colors]\nclient = 'bold blue'\n[read]\nt = 1\nS = true\n[conns]\ncolumns = ['open', 'id']\nwidth = 70\n";
    let ask = |call: &str| {
        let mut command = command();
        command.env_remove("SYNFIN_CONFIG").env("XDG_CONFIG_HOME", &home).args(call.split_whitespace());
        command.output().expect("the program is there")
    };
    fs::write(&file, text).expect("the folder can be written");
    let told = stdout(&ask("read captures/http-get.pcap"));
    assert!(told.contains("IP \u{1b}[1;34m10.9.0.1.46290") && told.contains("seq 3695311617"), "{told}");
    let told = stdout(&ask("conns --color never captures/http-get.pcap"));
    assert_eq!(told, "OPEN    #\nnormal  0\n");
    // What the call says goes before, and so does what cannot stand beside it.
    let told = stdout(&ask("conns --color never --columns id captures/http-get.pcap"));
    assert_eq!(told, "#\n0\n");
    assert_eq!(code(&ask("conns --wide captures/http-get.pcap")), 0);
    // Without it all is as ever.
    let plain = synfin("read captures/http-get.pcap");
    assert_eq!(ask("--no-config read captures/http-get.pcap").stdout, plain.stdout);
    assert_eq!(ask("read --no-config captures/http-get.pcap").stdout, plain.stdout);

    fs::write(&file, "[conns]\nsort = 'size'\n").expect("the folder can be written");
    let ran = ask("read captures/http-get.pcap");
    assert_eq!(code(&ran), 1);
    let told = stderr(&ran);
    assert!(
        told.starts_with(&format!(
            "synfin: {}:2:8: invalid value 'size' for '--sort <KEY>'; expected one of id",
            file.display()
        )),
        "{told}"
    );

    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    fs::set_permissions(&file, mode).expect("the file is ours");
    let ran = ask("read captures/http-get.pcap");
    assert_eq!(ran.stdout, plain.stdout);
    assert!(stderr(&ran).contains("is left alone: others can write to it"), "{}", stderr(&ran));
}

#[test]
fn a_table_has_the_columns_that_were_asked_for() {
    let told = stdout(&synfin("conns --columns server,id,close captures/http-get.pcap"));
    assert_eq!(told, "SERVER       #  CLOSE\n10.9.0.2:80  0  fin4\n");
    let narrow = stdout(&synfin("conns --width 60 captures/http-get.pcap"));
    assert!(narrow.lines().all(|line| line.chars().count() <= 60) && !narrow.contains("HISTORY"), "{narrow}");
    let wide = stdout(&synfin("conns --wide captures/http-get.pcap"));
    assert!(["PROTO", "REXMT", "HISTORY", "CLIENT STATE"].iter().all(|title| wide.contains(title)), "{wide}");
    let ran = synfin("conns --wide --width 80 captures/http-get.pcap");
    assert_eq!(code(&ran), 2);
}

/// Every command there is, as the program lists them.
fn commands() -> Vec<String> {
    let told = stdout(&synfin("-h"));
    let list = told.split_once("Commands:\n").and_then(|(_, rest)| rest.split_once("\n\n")).expect("a list").0;
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

#[test]
fn a_capture_that_can_be_read_is_success() {
    for call in ["read captures/http-get.pcap", "-r captures/http-get.pcap", "-nnr captures/http-get.pcap -c 3"] {
        let ran = synfin(call);
        assert_eq!(code(&ran), 0, "{call}");
        assert!(stdout(&ran).contains("Flags [S.]"), "{call}");
        assert!(stderr(&ran).starts_with("reading from file captures/http-get.pcap, link-type EN10MB (Ethernet)"));
    }
}

#[test]
fn tcpdumps_way_and_the_command_print_the_same() {
    assert_eq!(
        synfin("-nn -tttt -S -v -r captures/http-get.pcap").stdout,
        synfin("read -tttt -Sv captures/http-get.pcap").stdout
    );
}

#[test]
fn what_cannot_be_opened_is_named_with_what_to_do() {
    for (call, told) in [
        (
            "read no/such.pcap",
            "synfin: cannot open no/such.pcap: No such file or directory (os error 2); is the path right?",
        ),
        ("read captures", "synfin: cannot open captures: is a directory; name the captures in it"),
        ("read Cargo.toml", "synfin: Cargo.toml is not a capture"),
        ("read captures/ping.pcap Cargo.toml", "synfin: Cargo.toml is not a capture"),
        ("read tcp port 80", "synfin: 'tcp port 80' is a filter, and there is no capture before it"),
        ("read captures/any.pcap vlan", "synfin: there are no VLAN tags on Linux cooked frames (v2)\n  vlan\n  ^^^^\n"),
    ] {
        let ran = synfin(call);
        assert_eq!(code(&ran), 1, "{call}");
        assert!(stderr(&ran).contains(told), "{call}: {}", stderr(&ran));
    }
}

#[test]
fn results_come_before_the_failure() {
    let ran = synfin("read captures/ping.pcap Cargo.toml");
    assert!(stdout(&ran).contains("ICMP echo request"));
}

#[test]
fn a_wrong_call_is_told_from_a_failure() {
    for (call, told) in [
        ("", "Usage: synfin"),
        ("read", "required arguments were not provided"),
        ("read --no-such-option x", "unexpected argument '--no-such-option'"),
        ("swim x", "unrecognized subcommand 'swim'"),
        ("captures/ping.pcap", "synfin read captures/ping.pcap"),
        ("read captures/ping.pcap no/such.pcap", "there is no file 'no/such.pcap'; is the path right?"),
        ("-r captures/ping.pcap tcp prot 80", "'prot' is not a word of the filter language\n  tcp prot 80\n      ^^^^"),
        ("read captures/ping.pcap tcp.port == 80", "as a capture filter: tcp port 80"),
        ("conns captures/ping.pcap host example.org", "synfin looks up no names"),
        ("explain captures/ping.pcap port 65536", "65536 is no port: they end at 65535"),
        ("read captures/ping.pcap -F Cargo.toml", "is no part of the filter language"),
        ("-r captures/ping.pcap -F Cargo.toml tcp", "'tcp' begins a filter, and '-F' names another"),
        ("read -T pdml x", "synfin does not write pdml"),
        ("read -T ek x", "an object per line already"),
        ("read -T fields captures/ping.pcap", "'-e help' lists them"),
        ("read -T fields -e tcp.srcprt captures/ping.pcap", "there is no field 'tcp.srcprt'; is it 'tcp.srcport'?"),
        ("read -T fields -e ip.src -E header=maybe captures/ping.pcap", "'-E header=maybe' is none of"),
        ("read -E header=y captures/ping.pcap", "want '-T fields'"),
    ] {
        let ran = synfin(call);
        assert_eq!(code(&ran), 2, "{call}: {}", stderr(&ran));
        assert!(stderr(&ran).contains(told), "{call}: {}", stderr(&ran));
        assert_eq!(stdout(&ran), "", "{call}");
    }
}

#[test]
fn a_filter_chooses_packets_before_connections_are_followed() {
    let two = "captures/ping.pcap captures/http-get.pcap";
    let all = stdout(&synfin(&format!("conns {two} -T csv")));
    let tcp = stdout(&synfin(&format!("conns {two} -T csv tcp")));
    assert_eq!((all.lines().count(), tcp.lines().count()), (3, 2), "{all}\n{tcp}");
    // What is left out was never seen: half of a connection is half a connection.
    let server = synfin("read captures/http-get.pcap src port 80 -q");
    assert!(stdout(&server).starts_with("16:39:13.158187 IP 10.9.0.2.80 > 10.9.0.1.46290"), "{}", stdout(&server));
    let lines = |call: &str| stdout(&synfin(call)).lines().filter(|line| line.contains(" IP")).count();
    assert_eq!(lines("-r captures/http-get.pcap -c 3 tcp port http"), 3, "as many as were asked for are chosen");
    assert_eq!(lines("-r captures/http-get.pcap not tcp"), 0);
}

#[test]
fn a_filter_is_found_wherever_it_stands() {
    let whole = stdout(&synfin("read captures/http-get.pcap dst port 80"));
    assert!(whole.contains("> 10.9.0.2.80") && !whole.contains("10.9.0.2.80 >"), "{whole}");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("filter.txt");
    fs::write(&file, "dst\n port 80\n").expect("the folder can be written");
    let from_file = command().args(["read", "captures/http-get.pcap", "-F"]).arg(&file).output().expect("the program");
    for (how, ran) in [
        ("-r", synfin("-r captures/http-get.pcap dst port 80")),
        ("-F", from_file),
        ("options between", synfin("read captures/http-get.pcap dst -n port 80")),
    ] {
        assert_eq!(stdout(&ran), whole, "{how}: {}", stderr(&ran));
    }
}

#[test]
fn a_filters_program_is_printed_as_tcpdump_prints_it() {
    let words =
        "(000) ldh      [12]\n(001) jeq      #0x806           jt 2\tjf 3\n(002) ret      #262144\n(003) ret      #0\n";
    assert_eq!(stdout(&synfin("read -d arp")), words);
    assert_eq!(
        stdout(&synfin("-dd -r captures/ping.pcap arp")),
        "{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x00000806 },\n{ 0x6, 0, 0, 0x00040000 },\n{ 0x6, 0, 0, 0x00000000 },\n"
    );
    assert_eq!(
        stdout(&synfin("conns -ddd captures/any.pcap outbound")),
        "4\n48 0 0 10\n21 0 1 4\n6 0 0 262144\n6 0 0 0\n"
    );
}

#[test]
fn damage_is_told_after_the_results_and_is_no_success() {
    let whole = fs::read(root().join("captures/ping.pcap")).expect("the capture is there");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cut.pcap");
    fs::write(&file, &whole[..whole.len() - 20]).expect("the folder can be written");
    let ran = command().arg("read").arg(&file).arg(&file).output().expect("the program is there");
    assert_eq!(code(&ran), 1);
    assert!(stdout(&ran).contains("ICMP echo request"));
    let told = stderr(&ran);
    let damage: Vec<_> = told.lines().filter(|line| line.starts_with("synfin: ")).collect();
    assert_eq!(damage.len(), 2, "a line for each: {told}");
    assert!(damage.iter().all(|line| line.contains("cut.pcap: cut short at byte ")), "{told}");
}

#[test]
fn a_reader_that_hangs_up_is_no_failure() {
    // More than a pipe holds, so that the program has to notice.
    let files = ["captures/many-connections.pcap"; 20];
    let mut child = command()
        .arg("read")
        .args(["-X"])
        .args(files)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program is there");
    let mut first = [0; 64];
    child.stdout.take().expect("piped").read_exact(&mut first).expect("a line at least");
    let ran = child.wait_with_output().expect("it ends");
    assert_eq!(code(&ran), 0);
    assert!(stderr(&ran).lines().all(|line| line.starts_with("reading from")), "{}", stderr(&ran));
}

#[test]
fn standard_input_is_a_capture_too() {
    let capture = fs::read(root().join("captures/http-get.pcap")).expect("the capture is there");
    for call in [["read", "-"], ["-r", "-"]] {
        let mut child = command()
            .args(call)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program is there");
        child.stdin.take().expect("piped").write_all(&capture).expect("it reads");
        let ran = child.wait_with_output().expect("it ends");
        assert_eq!(code(&ran), 0);
        assert_eq!(stdout(&ran), stdout(&synfin("read captures/http-get.pcap")));
    }
}

#[test]
fn several_files_are_one_capture_in_their_order() {
    let both = stdout(&synfin("read -# -t captures/ping.pcap captures/icmp-port-unreachable.pcap"));
    let first = stdout(&synfin("read -# -t captures/ping.pcap"));
    assert!(both.starts_with(&first));
    let pings = first.lines().filter(|line| line.contains("ICMP echo")).count();
    assert!(both.contains(&format!("{:5}  IP 10.9.0.1", pings + 1)), "{both}");
}

#[test]
fn colour_is_for_those_who_ask_or_look() {
    let coloured = |call: &str, env: &[(&str, &str)]| {
        let ran = command().args(call.split(' ')).envs(env.iter().copied()).output().expect("the program is there");
        stdout(&ran).contains('\x1b')
    };
    let read = "read captures/ping.pcap";
    let always = "read --color always captures/ping.pcap";
    assert!(!coloured(read, &[]));
    assert!(coloured(always, &[]));
    assert!(coloured(always, &[("NO_COLOR", "1")]));
    assert!(coloured(read, &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(read, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured("read --color never captures/ping.pcap", &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let plain = stdout(&synfin("read captures/http-get.pcap"));
    let coloured = stdout(&synfin("read --color always captures/http-get.pcap"));
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\x1b[") {
        stripped.push_str(before);
        rest = after.split_once('m').expect("a colour ends in m").1;
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

#[test]
fn a_handshake_and_a_close_can_be_read_without_having_seen_one() {
    let told = stdout(&synfin("read -t captures/http-get.pcap"));
    for line in [
        "    open.1  client asks to open: step 1 of 3                  client CLOSED~ -> SYN_SENT!          server LISTEN~ -> SYN_RCVD?",
        "      conn 0, server port 80 (http, well-known)",
        "      client now knows: it can receive?, it can send?, the server's ISN?, the server has its ISN?",
        "    close.4  client has heard, all is closed: step 4 of 4     client TIME_WAIT? -> TIME_WAIT!      server LAST_ACK! -> CLOSED?",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}\nis not in\n{told}");
    }
}

#[test]
fn an_ordinary_data_segment_has_its_line_to_itself() {
    let told = stdout(&synfin("read -t captures/mid-stream.pcap"));
    let talk: Vec<_> = told.lines().skip(8).take(10).collect();
    assert!(talk.len() == 10 && talk.iter().all(|line| line.starts_with("IP ")), "{told}");
}

#[test]
fn json_is_an_object_per_line_with_members_in_order() {
    let told = stdout(&synfin("read -T json --summary captures/http-get.pcap"));
    let mut packets = 0;
    for line in told.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("a JSON object");
        assert_eq!(record["schema"], 1);
        packets += u32::from(record["type"] == "packet");
    }
    assert_eq!(packets, 11);
    let first = told.lines().next().expect("a record");
    let members =
        ["schema", "type", "n", "t_ns", "time", "len", "caplen", "link", "eth", "ip", "tcp", "options", "conn"];
    let places: Vec<_> = members.iter().map(|name| first.find(&format!("\"{name}\":"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{first}");
    assert!(
        first.ends_with(
            r#""conn":0,"from":"client","before":{"client":"CLOSED~","server":"LISTEN~"},"after":{"client":"SYN_SENT!","server":"SYN_RCVD?"},"notes":["open.1"],"facts":{"server":["a?","i?"]}}"#
        ),
        "{first}"
    );
    let last: serde_json::Value = serde_json::from_str(told.lines().last().expect("a record")).expect("JSON");
    assert_eq!((&last["type"], &last["frames"]), (&"summary".into(), &11.into()));
    assert_eq!(last["close"]["fin4"], 1);
}

#[test]
fn fields_are_laid_out_as_tshark_lays_them_out() {
    let call = "-r captures/http-get.pcap -T fields -e frame.number -e tcp.port -e tcp.flags -e tcp.flags.str \
                -e tcp.seq -e synfin.step -c 3 -E header=y -E separator=/s -E quote=d";
    let ran = synfin(call);
    assert_eq!(
        stdout(&ran),
        "frame.number tcp.port tcp.flags tcp.flags.str tcp.seq synfin.step\n\
         \"1\" \"46290,80\" \"0x0002\" \"··········S·\" \"0\" \"open.1\"\n\
         \"2\" \"80,46290\" \"0x0012\" \"·······A··S·\" \"0\" \"open.2\"\n\
         \"3\" \"46290,80\" \"0x0010\" \"·······A····\" \"1\" \"open.3\"\n"
    );
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synfin"));
    command.current_dir(root()).env("TZ", "UTC").env("SYNFIN_CONFIG", "").stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "CI"] {
        command.env_remove(name);
    }
    command
}

fn synfin(call: &str) -> Output {
    command().args(call.split_whitespace()).output().expect("the program is there")
}

fn code(ran: &Output) -> i32 {
    ran.status.code().expect("it ended by itself")
}

fn stdout(ran: &Output) -> String {
    String::from_utf8(ran.stdout.clone()).expect("what it prints is UTF-8")
}

fn stderr(ran: &Output) -> String {
    String::from_utf8(ran.stderr.clone()).expect("what it says is UTF-8")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
