//! The commands.

use std::fs;

use super::{run, scratch, synfin};

const ACME: &str = "examples/acme/acme.toml";
const CAPTURE: &str = "captures/acme.pcap";

#[test]
fn a_declaration_to_begin_with_is_sound() {
    let path = scratch("declared-new.toml");
    fs::write(&path, synfin(&["proto", "new", "pond"])).expect("written");
    let told = synfin(&["proto", "check", &path.to_string_lossy()]);
    assert!(
        told.ends_with("pond over TCP, port 9000: a header of 14 octets with 6 fields, 'len' counts the body\n"),
        "{told}"
    );
    let (_, told, fine) = run(&["proto", "new", "Pond"]);
    assert!(!fine && told.contains("'Pond' cannot be its name"), "{told}");
}

#[test]
fn a_mistake_is_shown_with_its_place() {
    let path = scratch("declared-wrong.toml");
    let text = synfin(&["proto", "new"]).replace("\"u32\" },\n  { name = \"len\"", "\"u33\" },\n  { name = \"len\"");
    fs::write(&path, text).expect("written");
    let path = path.to_string_lossy();
    for args in [
        vec!["proto", "check", &path],
        vec!["read", "--proto", &path, CAPTURE],
        vec!["conns", "--proto", &path, CAPTURE],
    ] {
        let (_, told, fine) = run(&args);
        let place = "declares no protocol\nline 15, column 36: 'u33' is no type; expected u8, u16, u24, ... u64, i8, ... i64, bytes or text\n";
        assert!(
            !fine && told.contains(place) && told.contains("\n                                       ^^^^^"),
            "{told}"
        );
    }
}

#[test]
fn messages_are_told_in_every_command() {
    let read = synfin(&["read", "-q", "--proto", ACME, CAPTURE]);
    assert!(read.contains("    acme 6  get id=4 tea, in packets 13 to 15\n"), "{read}");
    let conns = synfin(&["conns", "--proto", ACME, CAPTURE]);
    assert!(conns.contains("acme 4 > 4"), "{conns}");
    let record = synfin(&["conns", "-T", "json", "--proto", ACME, CAPTURE]);
    assert!(
        record.contains("\"messages\":{\"protocol\":\"acme\",\"evidence\":\"port\",\"client\":4,\"server\":4,"),
        "{record}"
    );
    let story = synfin(&["explain", "--proto", ACME, CAPTURE]);
    assert!(story.contains("\nThe messages\n") && story.contains("4 of 4 requests answered"), "{story}");
    let dialogue = synfin(&["follow", "--conn", "0", "--proto", ACME, CAPTURE]);
    assert!(dialogue.contains("    acme 6  get id=4 tea, in packets 13 to 15\n"), "{dialogue}");
    let one = synfin(&["follow", "--from", "server", "-T", "json", "--proto", ACME, CAPTURE]);
    let messages = one.lines().filter(|line| line.contains("\"type\":\"message\""));
    assert!(messages.count() == 4 && one.contains("\"response_ns\":94551000"), "{one}");
    let plain = synfin(&["conns", "--proto", "tcp", CAPTURE]);
    assert!(!plain.contains("MESSAGES"), "{plain}");
}

#[test]
fn what_a_table_of_fields_has_no_room_for_is_refused() {
    for args in [&["read", "-T", "csv"][..], &["conns", "-T", "zeek"]] {
        let (_, told, fine) = run(&[args, &["--proto", ACME, CAPTURE]].concat());
        assert!(!fine && told.contains("'--proto"), "{told}");
    }
    let (_, told, fine) = run(&["read", "--proto", ACME, "--proto", ACME, CAPTURE]);
    assert!(!fine && told.contains("the protocol acme is declared twice"), "{told}");
}

#[test]
fn the_folder_for_protocols_is_known_unless_it_is_left_out() {
    let home = scratch("declared-home");
    let folder = home.join("synfin/protocols");
    fs::create_dir_all(&folder).expect("a folder");
    fs::copy(ACME, folder.join("acme.toml")).expect("copied");
    fs::write(folder.join("notes.txt"), "no TOML").expect("written");
    let ask = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_synfin"))
            .args(args)
            .env_clear()
            .env("XDG_CONFIG_HOME", &home)
            .output()
            .expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    assert!(ask(&["read", CAPTURE]).contains("acme 0  hello id=1\n"));
    assert!(!ask(&["--no-config", "read", CAPTURE]).contains("acme 0"));
}

#[test]
fn a_message_is_crafted_by_its_name_and_read_back() {
    let line = "10.0.0.1:40000 > 10.0.0.2:9000 acme.get id=7 flags=more body=\"tea\"";
    for line in [
        line,
        "10.0.0.1:40000 > 10.0.0.2:9000 P. 1:18(17) ack 1 acme.get id=7 flags=more body=\"tea\"",
        "acme.get id=7 flags=more body=746561",
    ] {
        let told = synfin(&["craft", "-q", "--proto", ACME, line]);
        assert!(told.contains(".9000: ") && told.contains("acme 0  get id=7 tea"), "{told}");
    }
    let (_, told, fine) = run(&["craft", "--proto", ACME, "acme.put id=7"]);
    assert!(!fine && told.contains("acme has no message `put`; it has hello, get, reply\n"), "{told}");
    let (_, told, fine) = run(&["craft", "acme.get id=7"]);
    assert!(!fine && told.contains("no protocol `acme` is declared here: '--proto FILE.toml' declares one"), "{told}");
    let told = synfin(&["craft", "--proto", "tests/declared/all.toml", "least a=1 b=513"]);
    assert!(told.contains("UDP, length 3") && told.contains("least 0  a=1 b=513"), "{told}");
}
