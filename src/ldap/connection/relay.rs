//! What lies between a directory and the library that speaks to it: TLS, and a look at each message before it is read.
//!
//! The library reads messages of any length and depth, by recursion. Whoever sits on the way (before StartTLS has begun), or
//! a directory that lies, would fill the memory or the stack with them. So the library speaks to a socket of this process,
//! and only messages of sensible length and depth are handed on; after another one the connection ends.

use std::{io, os::unix, sync::Arc};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy, split},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Bytes of a message: a group of a hundred thousand has about ten million.
const LARGEST: usize = 32 * 1024 * 1024;

/// How deep the parts of a message may lie: those of an entry lie six deep.
const DEEPEST: usize = 12;

/// `LDAPMessage { 1, extendedReq { 1.3.6.1.4.1.1466.20037 } }` (RFC 4511 §4.14.1).
const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// The start of what agrees to it, up to `success`, in the shortest lengths: nobody answers it at greater length.
const AGREED: [u8; 3] = [0x0a, 0x01, 0x00];

/// Asks for TLS on a connection that began without.
///
/// # Errors
/// When the directory declines, or answers with something else.
pub(super) async fn start_tls(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(START_TLS).await?;
    // Byte by byte as it were: nothing that comes after the answer may be taken for something that came through TLS.
    let message = message(stream).await?;
    let agrees = body(&message)
        .and_then(|(_, rest)| element(rest))
        .and_then(|(_, _, rest)| element(rest))
        .is_some_and(|(tag, content, _)| tag == 0x78 && content.starts_with(&AGREED));
    if agrees { Ok(()) } else { Err(io::Error::other("it does not offer StartTLS")) }
}

/// Begins TLS with the server of this name.
///
/// # Errors
/// When its certificate is not trusted, and when it does not speak TLS.
pub(super) async fn tls(host: &str, stream: TcpStream, config: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(bare).map_err(io::Error::other)?;
    TlsConnector::from(config).connect(name, stream).await
}

/// A socket for the library; what it says goes to `stream`, and what comes from there has been looked at. It ends with
/// either side.
///
/// # Errors
/// When the operating system refuses a pair of sockets.
pub(super) fn relay<S>(stream: S) -> io::Result<unix::net::UnixStream>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (ours, theirs) = UnixStream::pair()?;
    let ((from_library, to_library), (from_server, to_server)) = (ours.into_split(), split(stream));
    tokio::spawn(async move {
        let (mut from_library, mut to_server) = (from_library, to_server);
        let asking = async {
            let _ = copy(&mut from_library, &mut to_server).await;
            let _ = to_server.shutdown().await;
        };
        // What was asked may be told to the end; whoever asks no more is told no more.
        tokio::select! {
            () = asking => {}
            ended = hand_on(from_server, to_library) => if let Err(error) = ended {
                tracing::debug!(%error, "A connection to a directory ended.");
            },
        }
    });
    theirs.into_std()
}

async fn hand_on(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut from = BufReader::new(from);
    loop {
        let message = message(&mut from).await?;
        to.write_all(&message).await?;
    }
}

/// The next message, whole.
async fn message(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 2];
    from.read_exact(&mut message).await?;
    if message[0] != 0x30 {
        return Err(io::Error::other("what it says is no LDAP"));
    }
    let length = match usize::from(message[1]) {
        short @ 0..0x80 => short,
        long => {
            let digits = long - 0x80;
            if !(1..=4).contains(&digits) {
                return Err(io::Error::other("a message has no length"));
            }
            message.resize(2 + digits, 0);
            from.read_exact(&mut message[2..]).await?;
            message[2..].iter().fold(0, |length, digit| length << 8 | usize::from(*digit))
        }
    };
    if length > LARGEST {
        return Err(io::Error::other(format!("a message has more than {LARGEST} bytes")));
    }
    let begun = message.len();
    // Grows with what comes, not with what is announced.
    let read = from.take(length as u64).read_to_end(&mut message).await?;
    if read < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if !is_shallow(&message[begun..]) {
        return Err(io::Error::other(format!("a message is nested more than {DEEPEST} deep, or broken")));
    }
    Ok(message)
}

/// The content of a message.
fn body(message: &[u8]) -> Option<(u8, &[u8])> {
    element(message).map(|(tag, content, _)| (tag, content))
}

/// The tag and content of the first element, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long - 0x80).filter(|(digits, _)| digits.len() <= 4)?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// Whether elements are whole and lie in each other no deeper than [`DEEPEST`].
fn is_shallow(bytes: &[u8]) -> bool {
    let mut open = vec![bytes];
    while let Some(rest) = open.last_mut() {
        if rest.is_empty() {
            open.pop();
            continue;
        }
        let Some((tag, content, after)) = element(rest) else { return false };
        *rest = after;
        let is_constructed = tag & 0x20 != 0;
        // Tags beyond 30 have more bytes, and there is none in LDAP.
        if tag & 0x1f == 0x1f || (is_constructed && open.len() >= DEEPEST) {
            return false;
        }
        if is_constructed {
            open.push(content);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Vec<u8> {
        (0..depth).fold(vec![0x04, 0x00], |inner, _| {
            let mut outer = vec![0x30, 0x84];
            outer.extend(u32::try_from(inner.len()).expect("short").to_be_bytes());
            outer.extend(inner);
            outer
        })
    }

    #[tokio::test]
    async fn a_message_is_handed_on_when_it_is_short_and_shallow() {
        let long = {
            let mut message = vec![0x30, 0x82, 0x01, 0x04, 0x04, 0x82, 0x01, 0x00];
            message.extend([7; 256]);
            message
        };
        let too_long = [&[0x30, 0x84][..], &u32::try_from(LARGEST + 1).expect("fits").to_be_bytes()].concat();
        for (case, bytes, is_handed_on) in [
            ("empty", vec![0x30, 0x00], true),
            ("an end of a bind", b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00".to_vec(), true),
            ("of several bytes of length", long.clone(), true),
            ("as deep as may be", nested(DEEPEST), true),
            ("deeper", nested(DEEPEST + 1), false),
            ("far deeper", nested(100_000), false),
            ("cut off", long[..100].to_vec(), false),
            ("too long", too_long, false),
            ("without a length", vec![0x30, 0x80, 0x00, 0x00], false),
            ("of an endless length", vec![0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], false),
            ("whose part is longer than itself", vec![0x30, 0x02, 0x04, 0x05], false),
            ("with a tag of several bytes", vec![0x30, 0x03, 0x1f, 0x81, 0x00], false),
            ("something else", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), false),
            ("nothing", vec![], false),
        ] {
            let read = message(&mut bytes.as_slice()).await;
            assert_eq!(read.is_ok(), is_handed_on, "{case}: {read:?}");
            assert!(read.is_err() || read.is_ok_and(|read| read == bytes), "{case}");
        }
    }

    #[tokio::test]
    async fn start_tls_begins_where_it_is_agreed_to() {
        for (case, answer, expected) in [
            ("success", &b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"[..], true),
            ("protocolError", b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00", false),
            ("the end of a bind", b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00", false),
            ("nothing", b"", false),
            ("something else", b"220 ready\r\n", false),
        ] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let serving = async {
                let (mut stream, _) = listener.accept().await.expect("a caller");
                let mut asked = vec![0; START_TLS.len()];
                stream.read_exact(&mut asked).await.expect("a question");
                assert_eq!(asked, START_TLS);
                stream.write_all(answer).await.expect("told");
            };
            let asking = async {
                let mut stream = TcpStream::connect(address).await.expect("a connection");
                start_tls(&mut stream).await
            };
            let ((), agreed) = tokio::join!(serving, asking);
            assert_eq!(agreed.is_ok(), expected, "{case}: {agreed:?}");
        }
    }
}
