use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::craft::inject::is_private;
use crate::craft::script::{Call, Data};
use crate::sys::tcp::{self, Wishes};

/// How long a program waits for anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the kernel is told who may bring data on a SYN.
const FAST_OPEN: &str = "/proc/sys/net/ipv4/tcp_fastopen";

/// What a program is asked to do, where the other end stands, and whom to tell when it is done.
type Asked = (Call, SocketAddr, Sender<()>);

/// The program at the end that is not played: somebody else's, or one of ours that does what the
/// script says, call by call, on real sockets.
#[derive(Debug)]
pub(in crate::cli) struct Program {
    calls: Option<Sender<Asked>>,
    complaints: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// One that does as it likes.
    pub(in crate::cli) fn foreign() -> Self {
        Self { calls: None, complaints: Arc::default() }
    }

    /// A server behind this listening socket.
    pub(in crate::cli) fn server(listener: TcpListener) -> Self {
        Self::ours("server", Actor { listener: Some(listener), first_letter: b'A', ..Actor::default() })
    }

    /// A client of whoever is played, at this address.
    pub(in crate::cli) fn client(from: IpAddr) -> Self {
        Self::ours("client", Actor { from: Some(from), first_letter: b'a', ..Actor::default() })
    }

    fn ours(name: &'static str, actor: Actor) -> Self {
        let (calls, to_do) = mpsc::channel();
        let complaints = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&complaints);
        // It is never waited for: it may hang in a connect that nobody answers.
        thread::spawn(move || {
            actor.run(&to_do, |call, error| {
                if let Ok(mut heard) = heard.lock() {
                    heard.push(format!("the {name}'s program could not {call}: {error}"));
                }
            });
        });
        Self { calls: Some(calls), complaints }
    }

    pub(super) fn is_foreign(&self) -> bool {
        self.calls.is_none()
    }

    /// Has it do something when it is done with what it was asked before; `played` is where the
    /// other end stands. What is only a setting has been done when this returns.
    pub(super) fn ask(&self, call: Call, played: SocketAddr) {
        let Some(calls) = &self.calls else {
            return;
        };
        let setting = matches!(call, Call::Stop | Call::Buffer(_) | Call::Retries(_) | Call::FastOpen);
        let (done, told) = mpsc::channel();
        // A program that has ended has said why.
        if calls.send((call, played, done)).is_ok() && setting {
            let _ = told.recv_timeout(PATIENCE);
        }
    }

    /// What it could not do.
    pub(in crate::cli) fn complaints(&self) -> Vec<String> {
        self.complaints.lock().map(|heard| heard.clone()).unwrap_or_default()
    }
}

/// One of our programs, at work.
#[derive(Default)]
struct Actor {
    listener: Option<TcpListener>,
    stream: Option<TcpStream>,
    /// Where it connects from.
    from: Option<IpAddr>,
    wishes: Wishes,
    first_letter: u8,
    written: usize,
}

impl Actor {
    fn run(mut self, to_do: &Receiver<Asked>, complain: impl Fn(&Call, &io::Error)) {
        while let Ok((call, played, done)) = to_do.recv() {
            if let Err(error) = self.act(&call, played) {
                complain(&call, &error);
            }
            // Mostly nobody waits for it.
            let _ = done.send(());
        }
    }

    fn act(&mut self, call: &Call, played: SocketAddr) -> io::Result<()> {
        match call {
            Call::Accept => {
                self.stream = Some(self.accept()?);
                self.written = 0;
            }
            Call::Connect => {
                let stream = tcp::connect(self.from, played, self.wishes);
                // A refusal is what some scripts are about.
                if !stream.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
                    self.stream = Some(patient(stream?)?);
                }
                self.written = 0;
            }
            Call::Read(octets) => self.stream()?.read_exact(&mut vec![0; *octets as usize])?,
            Call::ReadToEnd => _ = io::copy(self.stream()?, &mut io::sink())?,
            Call::Write(Data::Letters(octets)) => {
                let (first, place) = (self.first_letter, self.written);
                let letters: Vec<u8> = (0..*octets as usize).map(|at| first + ((place + at) % 26) as u8).collect();
                self.write(&letters)?;
            }
            Call::Write(Data::Text(text)) => self.write(text)?,
            Call::Write(Data::Message(message)) => self.write(&message.written.octets)?,
            Call::Shutdown => self.stream()?.shutdown(Shutdown::Write)?,
            Call::Close => drop(self.stream.take()),
            Call::Abort => {
                tcp::reset_on_close(self.stream()?)?;
                drop(self.stream.take());
            }
            Call::Stop => drop(self.listener.take()),
            Call::Buffer(octets) => self.wish(Wishes { buffer: Some(*octets), ..self.wishes })?,
            Call::Retries(times) => self.wish(Wishes { retries: Some(*times), ..self.wishes })?,
            Call::FastOpen => {
                allow_fast_open()?;
                self.wish(Wishes { fast_open: true, ..self.wishes })?;
            }
        }
        Ok(())
    }

    fn wish(&mut self, wishes: Wishes) -> io::Result<()> {
        self.wishes = wishes;
        self.listener.as_ref().map_or(Ok(()), |listener| wishes.tell(listener))
    }

    fn accept(&self) -> io::Result<TcpStream> {
        let listener = self.listener.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        listener.set_nonblocking(true)?;
        let until = Instant::now() + PATIENCE;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    return patient(stream);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < until => {
                    thread::sleep(Duration::from_micros(200));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.written += octets.len();
        self.stream()?.write_all(octets)
    }

    fn stream(&mut self) -> io::Result<&mut TcpStream> {
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// Has the host take data on a SYN, where nobody else is served by it.
fn allow_fast_open() -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{FAST_OPEN}: {error}"));
    let now = std::fs::read_to_string(FAST_OPEN).map_err(named)?;
    // Its second bit is for servers, the first for clients.
    if now.trim().parse().is_ok_and(|bits: u32| bits & 2 != 0) {
        return Ok(());
    }
    if !is_private() {
        let what = "this machine does not take data on a SYN; allow it with `sudo sysctl -w net.ipv4.tcp_fastopen=3`";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    std::fs::write(FAST_OPEN, "3").map_err(named)
}

/// Not for ever.
fn patient(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}
