use super::*;

#[track_caller]
fn read(text: &str) -> Script {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_script_comes_back_from_its_own_text() {
    let script = read(
        "// Everything a script can say.
        at 2026-01-01T00:00:00.25Z
        link raw
        client [2001:db8::1]:40000
        server [2001:db8::2]:80
        isn client 4711
        ttl 60
        ttl server 50
        vlan 10 20
        vlan server

        > S 0:0(0) <mss 1460,sackOK>
        = open.1
        +1.5 again
        -0.000001 < S. 0:0(0) ack 1 win 5 {ttl 3, id 9, tos 2, sum 57005}
        < icmp 1/4 about 0:0(0) mtu 1400 from 2001:db8::9
        < icmp 1/4 about !7:9(2)
        > udp (20)
        next connection
        patience 5
        strict
        strict off
        resend 0.25
        resend off
        @ server accept
        @ client connect
        @ server read 10
        @ server read end
        @ server write 20
        @ client write \"GET / HTTP/1.0\\r\\n\\r\\n\"
        @ server shutdown
        @ server close
        @ server abort
        @ server stop
        @ server buffer 4096
        @ server retries 1
        @ server fastopen
        +0.9~+1.25 < S. 0:0(0) ack 1
        * < ... ...:...(...) ack ... win 5 <...>
        +0.5 < nothing
        > P. 1:end(...) ack there+1 <TS val now ecr ...,FO cookie> \"a\\x00\\\"\"
        < . end:end+3(3) ack end <mss ...,nop,wscale ...,kind 77 ...,...>
        < . !7:end(...) ack 1 <>
        < . first:...(2) ack 1 <nop,TS val ... ecr 7,sack ...>
        # the end",
    );
    let text = script.to_string();
    assert_eq!(read(&text), script, "{text}");
    assert!(text.contains("\n> S 0:0(0) <mss 1460,sackOK>\n"), "{text}");
    assert!(text.contains("\n-0.000001 < S. 0:0(0) ack 1 win 5 {ttl 3, id 9, tos 2, sum 57005}\n"), "{text}");
}

#[test]
fn an_error_stands_under_its_word() {
    let error = "\n  > P. 1:10(10) ack 1".parse::<Script>().expect_err("the end is wrong");
    assert_eq!(
        error.to_string(),
        "line 2, column 10: 10 octets from there end at 11 (SYN and FIN are not counted)\n\
         \x20     > P. 1:10(10) ack 1\n\
         \x20            ^^"
    );
}

#[test]
fn what_is_no_script_is_refused_with_a_reason() {
    for (text, reason) in [
        ("again", "there is no frame yet"),
        ("+x > S 0:0(0)", "expected seconds"),
        ("++1 > S 0:0(0)", "expected seconds"),
        ("+1 S 0:0(0)", "expected `>`"),
        ("hello", "expected a packet"),
        ("at noon", "expected a time"),
        ("client 10.0.0.1", "expected an address with a port"),
        ("vlan 4096", "expected up to four VLAN ids"),
        ("client [::1]:1\n> S 0:0(0)", "client and server have addresses of different families"),
        ("> P. 1:65500(65499) ack 1", "no IP packet holds that much"),
        ("> S 0:0(0) {foo 1}", "expected one of: ttl"),
        ("< icmp 3 about 0:0(0)", "expected type and code"),
        ("+1~+0.5 < nothing", "expected seconds"),
        ("+-1 < nothing", "expected seconds"),
        ("* < . 1:1(0)", "the flags say ACK"),
        ("> P. 1:5(...) ack 1", "the end of an open length"),
        ("> P. here:5(4) ack 1", "where the start is open"),
        ("> P. 1:end+1(4) ack 1", "a name for the end has nothing added"),
        ("> P. end:end+3(4) ack 1", "4 octets from there end at end+4"),
        ("> P. End:...(4) ack 1", "expected a number"),
        ("> P. 1:averyveryverylongname(4) ack 1", "expected a number"),
        ("> P. 1:4(3) ack 1 \"ab\"", "the text has 2 octets"),
        ("> P. 1:...(...) ack 1 \"ab", "the text has no end"),
        ("> P. 1:...(...) ack 1 \"\\q\"", "after `\\`"),
        ("> S 0:0(0) <mss ..., foo>", "expected an option"),
        ("> S 0:0(0) <..., nop>", "expected `>`"),
        ("@ accept", "expected `client` or `server`"),
        ("@ server dance", "expected one of: abort"),
        ("@ server write 99999999", "at most"),
        ("resend 0", "expected a number of seconds"),
        ("next", "expected `connection`"),
    ] {
        let error = text.parse::<Script>().expect_err(text);
        assert!(error.fault.what.starts_with(reason), "{text}: {error}");
    }
}

#[test]
fn time_starts_with_the_first_step() {
    let shots =
        read("at 1970-01-01T00:00:10Z\n+5 > S 0:0(0)\n< R. !0:0(0) ack 1\n+1 again").frames().expect("playable");
    let times: Vec<u64> = shots.iter().map(|shot| shot.time.0 / 1_000_000).collect();
    assert_eq!(times, [10_000, 10_010, 11_010]);
    assert_eq!(shots[1].bytes, shots[2].bytes);
    assert_eq!(shots[2].line, 4);
}

#[test]
fn octets_sent_again_are_the_same_octets() {
    let shots =
        read("link raw\n> P. 1:11(10) ack 1\n> P. 6:11(5) ack 1\n< P. 1:4(3) ack 11").frames().expect("playable");
    let payload = |at: usize| String::from_utf8_lossy(&shots[at].bytes[40..]).into_owned();
    assert_eq!((payload(0).as_str(), payload(1).as_str(), payload(2).as_str()), ("abcdefghij", "fghij", "ABC"));
}

#[test]
fn what_is_open_is_whatever_is_right() {
    let script = read(
        "link raw
        > S 0:0(0) <mss ...,TS val 5 ecr 0,...>
        < S. 0:0(0) ack ... <TS val ... ecr ...>
        > P. ...:...(...) ack ... \"hello\"
        +0.5 < nothing
        < . ...:...(0) ack ...",
    );
    let fixed = read(
        "link raw
        > S 0:0(0) <mss 1460,TS val 5 ecr 0>
        < S. 0:0(0) ack 1 <TS val 1994041354 ecr 5>
        > P. 1:6(5) ack 1 \"hello\"
        +0.51 < . 1:1(0) ack 6",
    );
    let bytes = |script: &Script| -> Vec<(u64, Vec<u8>)> {
        script.frames().expect("playable").into_iter().map(|shot| (shot.time.0, shot.bytes)).collect()
    };
    assert_eq!(bytes(&script), bytes(&fixed));
}

#[test]
fn what_nobody_can_know_makes_no_frame() {
    for (text, reason) in [
        ("> P. 1:...(...) ack 1", "line 1: what is to be said needs a length"),
        ("\n> ... 1:1(0) ack 1", "line 2: what is to be said needs flags"),
        ("> S 0:0(0) <wscale ...>", "line 1: what is to be said needs the value of its option"),
        ("> . 1:1(0) ack end", "line 1: nothing has been learnt by the name `end`"),
    ] {
        let error = read(text).frames().expect_err(text).to_string();
        assert!(error.starts_with(reason), "{error}");
    }
}
