//! A network namespace for one test: interfaces, addresses and ports that no other test and no
//! user of this machine has, and that vanish with it.
//!
//! ```ignore
//! mod common;
//! use common::space;
//!
//! #[test]
//! fn a_ping_is_seen() {
//!     space::inside(|| {
//!         let mut sniff = space::start(env!("CARGO_BIN_EXE_synfin"), "sniff -i lo -c 2");
//!         space::run("ping -c 1 127.0.0.1");
//!         assert!(sniff.wait().success());
//!     });
//! }
//! ```
#![allow(dead_code, unreachable_pub)]

use std::env;
use std::io::{BufRead as _, BufReader};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// Set for a test that is inside already, to how it came there: a word of [`Way`].
const INSIDE: &str = "SYNFIN_TEST_INSIDE";

/// Seconds after which a test that hangs is ended.
const PATIENCE: &str = "180";

/// How this machine lets a test have a namespace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// The tests run as root.
    Root,
    /// As an ordinary user, who is root inside and may do all but leave.
    User,
    /// As an ordinary user who may call `sudo` without being asked.
    Sudo,
}

impl Way {
    const ALL: [Self; 3] = [Self::Root, Self::User, Self::Sudo];

    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::User => "user",
            Self::Sudo => "sudo",
        }
    }

    /// The words in front of a command that runs inside.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Root => &["unshare", "--net"],
            Self::User => &["unshare", "--user", "--map-root-user", "--net"],
            Self::Sudo => &["sudo", "-n", "unshare", "--net"],
        }
    }

    /// A command that runs inside, with `lo` up.
    fn command(self) -> Command {
        let mut words = self.words().iter();
        let mut command = Command::new(words.next().expect("a way has words"));
        command.args(words).args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]);
        command
    }

    fn works(self) -> bool {
        let ran = self.command().arg("true").stdin(Stdio::null()).output();
        ran.is_ok_and(|ran| ran.status.success())
    }
}

/// Runs `test` as root of a network namespace of its own, with `lo` up: this test again, alone in a
/// process that is inside. What it starts is inside as well.
///
/// Where no way leads there it says so on standard error and returns; with `CI` set it fails.
///
/// # Panics
///
/// When the test fails, or hangs for minutes.
#[track_caller]
pub fn inside(test: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        return test();
    }
    let Some(way) = way() else {
        return not_run(
            "a network namespace cannot be had (are `unshare` and `ip` there, and user namespaces allowed or sudo?)",
        );
    };
    // The test framework names a test's thread like the test.
    let name = thread::current().name().expect("a test has a name").to_owned();
    let mut again = way.command();
    again.args(["env", &format!("{INSIDE}={}", way.name())]);
    for kept in ["CI", "PATH", "TMPDIR"] {
        if let Ok(value) = env::var(kept) {
            again.arg(format!("{kept}={value}"));
        }
    }
    again.args(["timeout", "--kill-after=5", PATIENCE]);
    again.arg(env::current_exe().expect("this program has a path"));
    again.args(["--exact", &name, "--nocapture", "--include-ignored"]);
    let ran = again.stdin(Stdio::null()).output().expect("a way that was tried");
    let said = [ran.stdout, ran.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(ran.status.success() && said.contains("test result: ok. 1 passed"), "{name}, inside ({way:?}):\n{said}");
    print!("{said}");
}

/// How the test got inside: a user's namespace has one user only, so what becomes somebody else
/// (tcpdump does) has to be told not to.
pub fn came_by() -> Way {
    let said = env::var(INSIDE).unwrap_or_default();
    Way::ALL.into_iter().find(|way| way.name() == said).expect("only inside there is a way that led there")
}

/// Says on standard error that this test was not run, and why; with `CI` set the test fails.
#[track_caller]
pub fn not_run(why: &str) {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    assert!(env::var_os("CI").is_none(), "{name} has to run here, but {why}");
    eprintln!("not run: {name}: {why}");
}

/// Whether the programs are there; says so as [`not_run`] does where one is not.
#[track_caller]
pub fn has(programs: &[&str]) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect();
    let missing = programs.iter().find(|program| !folders.iter().any(|folder| folder.join(program).is_file()));
    if let Some(missing) = missing {
        not_run(&format!("`{missing}` is not installed"));
    }
    missing.is_none()
}

/// Runs a command line (words between spaces) to its end.
///
/// # Panics
///
/// When it fails.
#[track_caller]
pub fn run(line: &str) -> Output {
    let mut words = line.split_whitespace();
    let ran = Command::new(words.next().expect("a program")).args(words).stdin(Stdio::null()).output();
    let ran = ran.unwrap_or_else(|error| panic!("`{line}`: {error}"));
    assert!(ran.status.success(), "`{line}`: {}\n{}", ran.status, String::from_utf8_lossy(&ran.stderr));
    ran
}

/// Starts a program with arguments (words between spaces), its output piped here; it is killed when
/// the test is through with it.
#[track_caller]
pub fn start(program: impl AsRef<Path>, arguments: &str) -> Running {
    let program = program.as_ref();
    let mut command = Command::new(program);
    command.args(arguments.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Running(command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display())))
}

/// A program that ends with the test at the latest.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Takes over a program that was started.
    pub fn of(child: Child) -> Self {
        Self(child)
    }

    /// Sends it a signal by name: `INT`, `USR1`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        run(&format!("kill -{name} {}", self.0.id()));
    }

    /// Waits for its end and gives back all it said.
    ///
    /// # Panics
    ///
    /// When it does not end within `seconds`.
    #[track_caller]
    pub fn output_within(mut self, seconds: u64) -> Output {
        let readers = (drain(self.0.stdout.take()), drain(self.0.stderr.take()));
        let mut status = None;
        let ended = until(Duration::from_secs(seconds), || {
            status = self.0.try_wait().expect("it was ours");
            status.is_some()
        });
        if !ended {
            let _ = self.0.kill();
        }
        let stdout = readers.0.join().expect("a reader");
        let stderr = readers.1.join().expect("a reader");
        assert!(ended, "it did not end within {seconds} s; it said: {}", String::from_utf8_lossy(&stderr));
        Output { status: status.expect("it ended"), stdout, stderr }
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until `done` says so, looking every few milliseconds; false when that takes too long.
pub fn until(patience: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !done() {
        if start.elapsed() > patience {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Waits until something listens on a TCP port of this namespace.
#[track_caller]
pub fn wait_for_listener(port: u16) {
    let listening = format!(":{port:04X} ");
    let there = || {
        ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
            let table = std::fs::read_to_string(table).unwrap_or_default();
            table.lines().any(|line| {
                let mut words = line.split_whitespace().skip(1);
                words.next().is_some_and(|local| format!("{local} ").ends_with(&listening))
                    && words.nth(1) == Some("0A")
            })
        })
    };
    assert!(until(Duration::from_secs(10), there), "nobody listens on port {port}");
}

fn way() -> Option<Way> {
    static WAY: OnceLock<Option<Way>> = OnceLock::new();
    *WAY.get_or_init(|| Way::ALL.into_iter().find(|way| way.works()))
}

fn drain(pipe: Option<impl std::io::Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut all);
        }
        all
    })
}

/// Starts a live run, and waits for it to say that it has begun to listen.
#[track_caller]
pub fn start_listening(program: impl AsRef<Path>, arguments: &str) -> Running {
    let mut running = start(program, arguments);
    let mut said = BufReader::new(running.stderr.take().expect("it is piped"));
    let mut line = String::new();
    while !line.starts_with("listening on") {
        line.clear();
        assert!(said.read_line(&mut line).expect("text") > 0, "it ended before it listened");
    }
    running
}

/// A pair of interfaces, `near` with 10.7.0.1/24 and `far`, and a default route that leads into it.
#[track_caller]
pub fn lead_out() {
    for command in [
        "ip link add near type veth peer name far",
        "ip addr add 10.7.0.1/24 dev near",
        "ip link set near up",
        "ip link set far up",
        "ip route add default via 10.7.0.2 dev near",
    ] {
        run(command);
    }
}
