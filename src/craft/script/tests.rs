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
        # the end",
    );
    let text = script.to_string();
    assert_eq!(read(&text), script, "{text}");
    assert!(text.contains("\n+0.01 > S 0:0(0) win 65535 <mss 1460,sackOK>\n"), "{text}");
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
