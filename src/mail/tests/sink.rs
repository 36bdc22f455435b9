//! A small SMTP server of one thread per connection, with TLS and scripted faults.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// How the server speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    None,
    Start,
    Implicit,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    None,
    AnswerTo(&'static str, &'static str),
    HangUpAfter(&'static str),
    SilenceAfter(&'static str),
}

/// A running server and what it was told.
pub(super) struct Sink {
    pub(super) port: u16,
    pub(super) ca_file: tempfile::NamedTempFile,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    clear: String,
    all: String,
}

struct Session {
    tls: Tls,
    fault: Fault,
    config: Arc<ServerConfig>,
    heard: Arc<Mutex<Heard>>,
}

impl Sink {
    pub(super) fn start(tls: Tls, fault: Fault) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let mut ca_file = tempfile::NamedTempFile::new().expect("a file");
        ca_file.write_all(cert.pem().as_bytes()).expect("written");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a key");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let session = Arc::new(Session { tls, fault, config: Arc::new(config), heard: heard.clone() });
        thread::spawn(move || {
            for stream in listener.incoming() {
                let session = session.clone();
                thread::spawn(move || session.serve(stream.expect("a connection")));
            }
        });
        Self { port, ca_file, heard }
    }

    /// Everything that was said.
    pub(super) fn received(&self) -> String {
        self.heard.lock().expect("not poisoned").all.clone()
    }

    /// What was said without TLS.
    pub(super) fn received_in_the_clear(&self) -> String {
        self.heard.lock().expect("not poisoned").clear.clone()
    }
}

impl Session {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        if self.tls == Tls::Implicit {
            return self.talk(self.secure(stream), true).map(drop);
        }
        if let Some(stream) = self.talk(stream, false)? {
            self.converse(BufReader::new(self.secure(stream)), true)?;
        }
        Ok(())
    }

    fn secure(&self, stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
        StreamOwned::new(ServerConnection::new(self.config.clone()).expect("a connection"), stream)
    }

    /// Greets and talks; returns the stream when the client asks for TLS.
    fn talk<S: Read + Write>(&self, mut stream: S, encrypted: bool) -> io::Result<Option<S>> {
        if matches!(self.fault, Fault::SilenceAfter("CONNECT")) {
            thread::sleep(Duration::from_secs(5));
        }
        stream.write_all(b"220 sink ESMTP\r\n")?;
        self.converse(BufReader::new(stream), encrypted)
    }

    fn converse<S: Read + Write>(&self, mut stream: BufReader<S>, encrypted: bool) -> io::Result<Option<S>> {
        loop {
            let line = self.hear(&mut stream, encrypted)?;
            let verb = line.split([' ', '\r']).next().unwrap_or_default().to_uppercase();
            match self.fault {
                Fault::AnswerTo(at, answer) if at == verb => {
                    stream.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
                    continue;
                }
                Fault::HangUpAfter(at) if at == verb => return Ok(None),
                Fault::SilenceAfter(at) if at == verb => {
                    thread::sleep(Duration::from_secs(5));
                    return Ok(None);
                }
                _ => {}
            }
            match verb.as_str() {
                "EHLO" => {
                    let starttls = if self.tls == Tls::Start && !encrypted { "250-STARTTLS\r\n" } else { "" };
                    let greeting = format!("250-sink\r\n{starttls}250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n");
                    stream.get_mut().write_all(greeting.as_bytes())?;
                }
                "STARTTLS" => {
                    stream.get_mut().write_all(b"220 go ahead\r\n")?;
                    return Ok(Some(stream.into_inner()));
                }
                "AUTH" => stream.get_mut().write_all(b"235 welcome\r\n")?,
                "DATA" => {
                    stream.get_mut().write_all(b"354 go ahead\r\n")?;
                    while self.hear(&mut stream, encrypted)? != ".\r\n" {}
                    stream.get_mut().write_all(b"250 taken\r\n")?;
                }
                "QUIT" => {
                    stream.get_mut().write_all(b"221 bye\r\n")?;
                    return Ok(None);
                }
                _ => stream.get_mut().write_all(b"250 fine\r\n")?,
            }
        }
    }

    fn hear<S: Read>(&self, stream: &mut BufReader<S>, encrypted: bool) -> io::Result<String> {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut heard = self.heard.lock().expect("not poisoned");
        heard.all.push_str(&line);
        if !encrypted {
            heard.clear.push_str(&line);
        }
        Ok(line)
    }
}
