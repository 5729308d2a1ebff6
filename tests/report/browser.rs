//! A browser without a window, spoken to in the words of WebDriver (chromedriver).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A browser that goes with its driver when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: PathBuf,
}

impl Browser {
    /// Starts one; `None`, with a line on stderr, where there is none. With `CI` set there has to be.
    pub(crate) fn start() -> Option<Self> {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut driver) = started else {
            assert!(std::env::var_os("CI").is_none(), "chromedriver is missing (apt-get install chromium-driver)");
            eprintln!("not run in a browser: chromedriver is missing");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().expect("a pipe"));
        let mut port = None;
        let mut line = String::new();
        while port.is_none() && lines.read_line(&mut line).is_ok_and(|read| read > 0) {
            port = line
                .split("successfully on port ")
                .nth(1)
                .and_then(|rest| rest.trim().trim_end_matches('.').parse().ok());
            line.clear();
        }
        // What it says later goes nowhere, and must not stop it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let port = port.expect("chromedriver says its port");
        let profile = std::env::temp_dir().join(format!("synfin-browser-{}-{port}", std::process::id()));
        let mut browser = Self { driver, port, session: String::new(), profile };
        let mut args = vec![
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--window-size=1280,1000".to_owned(),
        ];
        args.push(format!("--user-data-dir={}", browser.profile.display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": { "args": args }, "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let answer = browser.ask("POST", "/session", &wanted);
        answer["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        Some(browser)
    }

    /// Opens a page of this machine.
    pub(crate) fn open(&mut self, file: &Path, place: &str) {
        let escaped: String = file
            .display()
            .to_string()
            .bytes()
            .map(|octet| match octet {
                b'/' | b'.' | b'-' | b'_' => char::from(octet).to_string(),
                _ if octet.is_ascii_alphanumeric() => char::from(octet).to_string(),
                _ => format!("%{octet:02X}"),
            })
            .collect();
        self.command("url", &json!({ "url": format!("file://{escaped}{place}") }));
    }

    /// Runs `script` in the page.
    pub(crate) fn run(&mut self, script: &str) -> Value {
        self.command("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The number that `script` returns.
    pub(crate) fn number(&mut self, script: &str) -> i64 {
        let value = self.run(script);
        value.as_f64().unwrap_or_else(|| panic!("`{script}` gave {value}")) as i64
    }

    /// The text that `script` returns.
    pub(crate) fn text(&mut self, script: &str) -> String {
        let value = self.run(script);
        value.as_str().unwrap_or_else(|| panic!("`{script}` gave {value}")).to_owned()
    }

    /// Waits until `script` returns a number above 0.
    pub(crate) fn wait(&mut self, script: &str) {
        let start = Instant::now();
        while self.number(script) < 1 {
            assert!(start.elapsed() < Duration::from_secs(20), "waited in vain for `{script}`");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Fails if the page has put an error, or anything at all, on its console.
    pub(crate) fn assert_no_complaint(&mut self) {
        let log = self.command("se/log", &json!({ "type": "browser" }));
        assert_eq!(log, json!([]), "the console of the page is not empty");
    }

    fn command(&mut self, name: &str, body: &Value) -> Value {
        let path = format!("/session/{}/{name}", self.session);
        self.ask("POST", &path, body)
    }

    fn ask(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.send(method, path, body).expect("chromedriver answers");
        let error = &answer["value"]["error"];
        assert!(error.is_null(), "{method} {path}: {}", answer["value"]);
        answer["value"].clone()
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let body = if method == "POST" { body.to_string() } else { String::new() };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line)?;
            let line = line.trim().to_ascii_lowercase();
            if let Some(said) = line.strip_prefix("content-length:") {
                length = said.trim().parse().unwrap_or(0);
            }
            if line.is_empty() {
                break;
            }
        }
        let mut octets = vec![0; length];
        answer.read_exact(&mut octets)?;
        Ok(serde_json::from_slice(&octets)?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let path = format!("/session/{}", self.session);
        let _ = self.send("DELETE", &path, &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
