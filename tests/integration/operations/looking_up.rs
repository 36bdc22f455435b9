//! Domains, proved by a DNS server that answers what it is told to.

use std::{
    net::UdpSocket,
    sync::{Arc, Mutex},
    thread,
};

use super::Host;

/// A DNS server (RFC 1035) that knows TXT records of one name, over UDP.
struct Dns {
    port: u16,
    records: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dns {
    fn of(name: &'static str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let (records, asked) = (Arc::new(Mutex::new(vec![])), Arc::new(Mutex::new(vec![])));
        let (known, heard) = (Arc::clone(&records), Arc::clone(&asked));
        // It ends with the process: nobody asks it for long.
        thread::spawn(move || {
            let mut query = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut query) {
                let (asked, question) = question(&query[..length]);
                let records = if asked.eq_ignore_ascii_case(name) { known.lock().unwrap().clone() } else { vec![] };
                heard.lock().unwrap().push(asked);
                let _ = socket.send_to(&answer(&query[..2], question, &records), from);
            }
        });
        Self { port, records, asked }
    }
}

/// The name that is asked for, and the bytes of the question.
fn question(query: &[u8]) -> (String, &[u8]) {
    let (mut at, mut labels) = (12, vec![]);
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).into_owned());
        at = end;
    }
    assert_eq!(query[at + 1..at + 5], [0, 16, 0, 1], "TXT in the internet");
    (labels.join("."), &query[12..at + 5])
}

/// RFC 1035 §4.1: no such name where there is no record.
fn answer(id: &[u8], question: &[u8], records: &[String]) -> Vec<u8> {
    let no_such_name = if records.is_empty() { 3 } else { 0 };
    let count = u8::try_from(records.len()).unwrap();
    let mut answer = [id, &[0x85, 0x80 | no_such_name, 0, 1, 0, count, 0, 0, 0, 0], question].concat();
    for record in records {
        let length = u8::try_from(record.len()).unwrap();
        // The name of the question, TXT, internet, kept for no time at all, one string.
        answer.extend([0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0, 0, 0, length + 1, length]);
        answer.extend(record.as_bytes());
    }
    answer
}

#[test]
fn a_domain_is_proved_by_its_txt_record_and_nothing_else() {
    let dns = Dns::of("_lanyard.riverside.example");
    let host = Host::new().with("LANYARD_OUTGOING__RESOLVER", &format!("127.0.0.1:{}", dns.port)).migrated();
    host.succeed("org create riverside --name Riverside");
    let claimed = host.json("domain add riverside.example");
    let proof = claimed["txt_value"].as_str().unwrap().to_owned();

    assert!(host.fail("domain verify riverside.example").contains("TXT"), "no such name");
    *dns.records.lock().unwrap() = vec!["v=spf1 -all".to_owned(), format!("{proof}x")];
    assert!(host.fail("domain verify riverside.example").contains("TXT"), "other records");
    assert!(host.json("domain list")[0]["verified_at"].is_null());

    *dns.records.lock().unwrap() = vec!["v=spf1 -all".to_owned(), proof];
    host.succeed("domain verify riverside.example");
    let listed = host.json("domain list");
    assert!(listed[0]["verified_at"].is_string() && listed[0]["verified_by"] != "administrator", "{listed}");
    let asked = dns.asked.lock().unwrap();
    assert!(asked.iter().all(|name| name.eq_ignore_ascii_case("_lanyard.riverside.example")), "{asked:?}");
}
