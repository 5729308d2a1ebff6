//! Speaks the protocol that `acme.toml` beside it declares: a header of 14 octets says type and length, and a
//! body follows. It knows nothing of synfin.
//!
//! `cargo run --example acme -- serve 127.0.0.1:9000` answers one client, `ask 127.0.0.1:9000` is that client;
//! without words it is both.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, thread, time::Duration};

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", at] => answer(TcpListener::bind(at)?.accept()?.0),
        ["ask", at] => ask(TcpStream::connect(at)?),
        _ => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let client = TcpStream::connect(listener.local_addr()?)?;
            thread::spawn(move || answer(listener.accept()?.0));
            ask(client)
        }
    }
}

/// A message: magic, type, flags, number, length of the body, checksum; then the body.
fn message(kind: u8, flags: u8, id: u32, body: &[u8]) -> Vec<u8> {
    let (id, len) = (id.to_be_bytes(), (body.len() as u32).to_be_bytes());
    let mut octets = [&[0xac, 0x4d, kind, flags], &id[..], &len, &[0, 0], body].concat();
    let word = |pair: &[u8]| u64::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u64::from(*low));
    let sum = (octets.chunks(2).map(word).sum::<u64>() - 1) % 0xffff + 1; // RFC 1071
    octets[12..14].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    octets
}

/// The next message: its type, its number, its body.
fn next(stream: &mut TcpStream) -> io::Result<(u8, u32, String)> {
    let (mut header, mut body) = ([0; 14], String::new());
    stream.read_exact(&mut header)?;
    let number = |at: usize| header[at..at + 4].iter().fold(0, |number, octet| number << 8 | u32::from(*octet));
    stream.take(number(8).into()).read_to_string(&mut body)?;
    Ok((header[2], number(4), body))
}

/// The server.
fn answer(mut stream: TcpStream) -> io::Result<()> {
    while let Ok((kind, id, body)) = next(&mut stream) {
        let (flags, body) = match (kind, body.as_str()) {
            (1, _) => (0, "acme 1.0"),
            (_, "tea") => (0, "4 boxes"),
            _ => (2, "no such thing"),
        };
        thread::sleep(Duration::from_millis(5 * u64::from(id))); // It has to think.
        stream.write_all(&message(3, flags, id, body.as_bytes()))?;
    }
    Ok(())
}

/// The client.
fn ask(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(&message(1, 0, 1, b""))?;
    println!("{:?}", next(&mut stream)?);
    // Two that are sent arrive glued together...
    stream.write_all(&[message(2, 1, 2, b"tea"), message(2, 0, 3, b"honey")].concat())?;
    println!("{:?}\n{:?}", next(&mut stream)?, next(&mut stream)?);
    // ... and one arrives in pieces.
    for piece in message(2, 0, 4, b"tea").chunks(7) {
        stream.write_all(piece)?;
        thread::sleep(Duration::from_millis(20));
    }
    println!("{:?}", next(&mut stream)?);
    Ok(())
}
