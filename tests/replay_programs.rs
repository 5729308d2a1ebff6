//! Connections of well-known programs, recorded and replayed inside a namespace: the recorded client
//! against the real server, the recorded server for the real client.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use common::space::{self, Running};

const SYNFIN: &str = env!("CARGO_BIN_EXE_synfin");

#[test]
fn a_page_of_nginx_is_asked_for_again() {
    with_nginx("small", |work, port| {
        let capture = record(work, &format!("port {port}"), || {
            run("curl", &["-s", &format!("http://127.0.0.1:{port}/page.html")]);
        });
        replays(&capture, &["--to", &format!("127.0.0.1:{port}"), "--ignore", r"server:Date: .*\r"]);
    });
}

#[test]
fn ten_megabytes_of_nginx_come_again() {
    with_nginx("large", |work, port| {
        let octets: Vec<u8> = (0..10_000_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        fs::write(work.join("large.bin"), octets).expect("a file");
        let url = format!("http://127.0.0.1:{port}/large.bin");
        let capture = record(work, &format!("port {port}"), || {
            run("curl", &["-s", "-o", "/dev/null", &url]);
        });
        let told = replays(&capture, &["--to", &format!("127.0.0.1:{port}"), "--ignore", r"server:Date: .*\r"]);
        assert!(told.contains("1 of 1 connection equal"), "{told}");
    });
}

#[test]
fn several_requests_on_one_connection_and_an_answer_in_chunks_come_again() {
    with_nginx("kept", |work, port| {
        let base = format!("http://127.0.0.1:{port}");
        let capture = record(work, &format!("port {port}"), || {
            let pages = ["/page.html", "/chunked/page.html", "/none", "/page.html"].map(|page| format!("{base}{page}"));
            run("curl", &["-s", "--compressed", &pages[0], &pages[1], &pages[2], &pages[3]]);
        });
        let said = fs::read(&capture).expect("the capture");
        let chunked = b"Transfer-Encoding: chunked";
        assert!(said.windows(chunked.len()).any(|octets| octets == chunked), "nginx did not answer in chunks");
        replays(&capture, &["--to", &format!("127.0.0.1:{port}"), "--ignore", r"server:Date: .*\r"]);
    });
}

#[test]
fn a_page_comes_again_over_ipv6() {
    with_nginx("six", |work, port| {
        let capture = record(work, &format!("port {port}"), || {
            run("curl", &["-s", "-g", &format!("http://[::1]:{port}/page.html")]);
        });
        replays(&capture, &["--to", &format!("[::1]:{port}"), "--ignore", r"server:Date: .*\r"]);
    });
}

#[test]
fn redis_answers_again_and_its_client_is_served() {
    if !space::has(&["redis-server", "redis-cli"]) {
        return;
    }
    space::inside(|| {
        let work = folder("redis");
        let port = 6379;
        let arguments = format!("--port {port} --bind 127.0.0.1 --save --appendonly no --dir {}", work.display());
        let _server = space::start("redis-server", &arguments);
        space::wait_for_listener(port);
        let ask = |port: u16| {
            let script = "SET name synfin\nGET name\nINCR count\nDEL count\nLRANGE none 0 -1\n";
            with_input("redis-cli", &["-p", &port.to_string()], script)
        };
        // The client asks for all commands too, and each question moves a part of the server's table of them, of four,
        // to where it stays: until then their order changes.
        for _ in 0..4 {
            ask(port);
        }
        let mut said = Vec::new();
        let capture = record(&work, &format!("port {port}"), || said = ask(port).stdout);
        replays(&capture, &["--to", &format!("127.0.0.1:{port}")]);
        let served = serve(&capture, &format!("127.0.0.1:{}", port + 1));
        assert_eq!(ask(port + 1).stdout, said);
        let served = served.output_within(20);
        assert!(served.status.success(), "{}", String::from_utf8_lossy(&served.stdout));
    });
}

#[test]
fn an_echo_comes_again_and_a_script_of_it_passes() {
    if !space::has(&["socat"]) {
        return;
    }
    space::inside(|| {
        let work = folder("echo");
        let port = 7007;
        let _server = space::start("socat", &format!("TCP-LISTEN:{port},reuseaddr,fork EXEC:cat"));
        space::wait_for_listener(port);
        let capture = record(&work, &format!("port {port}"), || {
            with_input("socat", &["-t5", "-", &format!("TCP:127.0.0.1:{port}")], "one line, and back\n");
        });
        replays(&capture, &["--to", &format!("127.0.0.1:{port}")]);
        // Written down as a script, its client passes in front of the same server.
        let script = run(SYNFIN, &["script", &capture.display().to_string()]);
        let file = work.join("echo.tcp");
        fs::write(&file, &script.stdout).expect("a file");
        let played = output(SYNFIN, &["play", &file.display().to_string(), "--to", &format!("127.0.0.1:{port}")]);
        let text = String::from_utf8_lossy(&script.stdout).into_owned();
        assert!(played.status.success(), "{text}\n{}", String::from_utf8_lossy(&played.stdout));
    });
}

#[test]
fn a_session_of_ftp_comes_again_with_its_data() {
    if !space::has(&["vsftpd", "curl"]) {
        return;
    }
    space::inside(|| {
        if space::came_by() == space::Way::User {
            return space::not_run("vsftpd becomes another user, and a user's namespace has one only");
        }
        let work = folder("ftp");
        let public = work.join("public");
        fs::create_dir_all(&public).expect("a folder");
        fs::create_dir_all(work.join("empty")).expect("a folder");
        fs::write(public.join("file.txt"), "what is fetched\n".repeat(100)).expect("a file");
        let conf = work.join("vsftpd.conf");
        let text = format!(
            "listen=YES\nlisten_port=2121\nbackground=NO\nanonymous_enable=YES\nno_anon_password=YES\nlocal_enable=NO\n\
             anon_root={}\nsecure_chroot_dir={}\npasv_min_port=2122\npasv_max_port=2122\nseccomp_sandbox=NO\n",
            public.display(),
            work.join("empty").display()
        );
        fs::write(&conf, text).expect("a file");
        let server = space::start("vsftpd", &conf.display().to_string());
        space::wait_for_listener(2121);
        let capture = record(&work, "portrange 2121-2122", || {
            run("curl", &["-s", "-o", "/dev/null", "--disable-epsv", "ftp://127.0.0.1:2121/file.txt"]);
        });
        drop(server);
        // The connection for data begins by the clock, and the server must have got ready for it.
        let server = ["--", "vsftpd", &conf.display().to_string()];
        let told = replays(&capture, &[&["--original", "--all", "--pace", "x0.1"], &server[..]].concat());
        assert!(told.contains("2 of 2 connections equal"), "{told}");
    });
}

#[test]
fn the_server_program_of_a_recording_is_started_where_it_was() {
    if !space::has(&["socat"]) {
        return;
    }
    space::inside(|| {
        let work = folder("original");
        // A port that only root may have.
        let arguments = "TCP-LISTEN:7,reuseaddr,fork EXEC:cat";
        let server = space::start("socat", arguments);
        space::wait_for_listener(7);
        let capture = record(&work, "port 7", || {
            with_input("socat", &["-t5", "-", "TCP:127.0.0.1:7"], "one line, and back\n");
        });
        drop(server);
        let told = replays(&capture, &["--original", "--", "socat", "TCP-LISTEN:7,reuseaddr,fork", "EXEC:cat"]);
        assert!(told.contains("1 of 1 connection equal"), "{told}");
    });
}

#[test]
fn both_ends_are_staged_into_a_capture_with_other_addresses() {
    let work = folder("stage");
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/ftp-active.pcap");
    let staged = work.join("staged.pcap").display().to_string();
    let rewrite = ["--rewrite", "10.9.0.1=192.0.2.7", "--rewrite", "10.9.0.2:21=198.51.100.1:2121"];
    let ran = output(SYNFIN, &[&["replay", capture, "--stage", "--all", "-w", &staged], &rewrite[..]].concat());
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("2 heard at both ends what was recorded"), "{said}");
    // What is said in the control dialogue still names the addresses that were.
    let told = run(SYNFIN, &["conns", "-T", "json", "--no-apps", &staged]);
    let told = String::from_utf8_lossy(&told.stdout);
    let (client, server) = (r#""192.0.2.7""#, r#""addr":"198.51.100.1","port":2121"#);
    assert!(told.contains(client) && told.contains(server) && !told.contains("10.9.0.1"), "{told}");
}

/// Runs `test` beside an nginx on a port of its own, with pages in the folder it is handed.
fn with_nginx(name: &str, test: impl FnOnce(&Path, u16)) {
    if !space::has(&["nginx", "curl"]) {
        return;
    }
    space::inside(|| {
        let (work, port) = (folder(name), 8080);
        fs::write(work.join("page.html"), "<p>a page</p>\n".repeat(200)).expect("a file");
        let at = work.display();
        let conf = work.join("nginx.conf");
        let text = format!(
            "daemon off; master_process off; pid {at}/pid; error_log stderr; events {{}}\n\
             http {{ access_log off; types {{ text/html html; }} client_body_temp_path {at}/a; proxy_temp_path {at}/b;\n\
             fastcgi_temp_path {at}/c; uwsgi_temp_path {at}/d; scgi_temp_path {at}/e;\n\
             server {{ listen {port}; listen [::]:{port}; root {at};\n\
             location /chunked/ {{ alias {at}/; gzip on; gzip_min_length 1; }} }} }}\n"
        );
        fs::write(&conf, text).expect("a file");
        let _server = space::start("nginx", &format!("-c {}", conf.display()));
        space::wait_for_listener(port);
        test(&work, port);
    });
}

/// Records what passes on `lo` while `talk` talks.
fn record(work: &Path, filter: &str, talk: impl FnOnce()) -> PathBuf {
    let capture = work.join("recorded.pcap");
    let sniff = space::start_listening(SYNFIN, &format!("sniff -i lo -w {} {filter}", capture.display()));
    talk();
    // The last acknowledgment is on its way when the client is through.
    thread::sleep(Duration::from_millis(100));
    sniff.signal("INT");
    let ended = sniff.output_within(20);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    capture
}

/// Replays a capture, and has every octet be as recorded.
#[track_caller]
fn replays(capture: &Path, how: &[&str]) -> String {
    let capture = capture.display().to_string();
    let ran = output(SYNFIN, &[&["replay", &capture], how].concat());
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    told
}

/// Starts the recorded server.
fn serve(capture: &Path, at: &str) -> Running {
    let running = space::start(SYNFIN, &format!("replay {} --serve {at}", capture.display()));
    let port = at.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    space::wait_for_listener(port);
    running
}

#[track_caller]
fn run(program: &str, arguments: &[&str]) -> Output {
    let ran = output(program, arguments);
    assert!(ran.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    ran
}

fn output(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.output().unwrap_or_else(|error| panic!("{program}: {error}"))
}

#[track_caller]
fn with_input(program: &str, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it was ours")
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("replay-programs-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder for tests can be written");
    folder
}
