//! A directory: OpenLDAP's server with data of its own, on free ports of 127.0.0.1, ended with the test.

use std::{
    fmt::Write as _,
    io::Write as _,
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// What everything lies below.
pub(crate) const SUFFIX: &str = "dc=clinic,dc=example";

/// The account that reads.
pub(crate) const READER: &str = "cn=lanyard,dc=clinic,dc=example";

/// The password of both accounts that are no people.
pub(crate) const SECRET: &str = "a-secret-of-the-tests";

/// The server.
pub(crate) struct Slapd {
    folder: tempfile::TempDir,
    process: Option<Child>,
    port: u16,
    /// Port of TLS.
    pub(crate) tls_port: u16,
    /// Whoever vouches for it, in PEM.
    pub(crate) authority: String,
}

impl Slapd {
    /// With these entries, as LDIF, and what its database is told besides.
    pub(crate) fn start(entries: &str, options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let authority = made.cert.pem();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("server.pem", &authority);
        write("server.key", &made.signing_key.serialize_pem());
        write("slapd.conf", &configuration(&folder.path().display().to_string(), options));
        write("base.ldif", &base());
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let ports = [free_port(), free_port()];
        let mut server = Self { folder, process: None, port: ports[0], tls_port: ports[1], authority };
        let loaded = Command::new("/usr/sbin/slapadd")
            .args(["-q", "-f"])
            .arg(server.folder.path().join("slapd.conf"))
            .args(["-b", SUFFIX, "-l"])
            .arg(server.folder.path().join("base.ldif"))
            .output()
            .expect("slapadd is there");
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        server.run();
        server.change(entries);
        server
    }

    /// Begins to answer.
    pub(crate) fn run(&mut self) {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let addresses = format!("ldap://127.0.0.1:{} ldaps://127.0.0.1:{}", self.port, self.tls_port);
        // The server ends with the thread that began it, however that ends.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "/usr/sbin/slapd", "-f"]).arg(self.folder.path().join("slapd.conf"));
        command.args(["-h", &addresses, "-d", "stats"]).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().expect("slapd is there"));
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(25));
        }
        panic!("{}", self.log());
    }

    /// Answers no more; what it knows stays.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// What it was asked, and what it answered.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Where it answers: `ldap://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// Adds, changes and removes entries, as LDIF (RFC 2849); what has no `changetype` is added.
    pub(crate) fn change(&self, ldif: &str) {
        if ldif.trim().is_empty() {
            return;
        }
        let mut command = Command::new("ldapmodify");
        command.args(["-a", "-x", "-H", &self.address(), "-D", &format!("cn=admin,{SUFFIX}"), "-w", SECRET]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(ldif.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{}\n{ldif}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A person below `ou=people`, who signs in with `pw-UID`.
pub(crate) fn person(uid: &str, given: &str, family: &str, more: &str) -> String {
    let mut text = format!("dn: uid={uid},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\n");
    let _ = write!(
        text,
        "uid: {uid}\ncn: {given} {family}\nsn: {family}\ngivenName: {given}\nmail: {uid}@riverside.example\n\
         userPassword: pw-{uid}\n{more}\n"
    );
    text
}

/// A group of people and groups below `ou=groups`, by the names of its members below the suffix.
pub(crate) fn group(cn: &str, members: &[&str]) -> String {
    let mut text = format!("dn: cn={cn},ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: {cn}\n");
    for member in members {
        let _ = writeln!(text, "member: {member},{SUFFIX}");
    }
    text + "\n"
}

fn base() -> String {
    let unit = |name: &str| format!("dn: ou={name},{SUFFIX}\nobjectClass: organizationalUnit\nou: {name}\n\n");
    format!(
        "dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: clinic\no: Clinic\n\n\
         dn: {READER}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: lanyard\n\
         userPassword: {SECRET}\n\n{}{}{}",
        unit("people"),
        unit("groups"),
        unit("former")
    )
}

fn configuration(folder: &str, options: &str) -> String {
    let mut text = String::new();
    for name in ["core", "cosine", "nis", "inetorgperson"] {
        let _ = writeln!(text, "include /etc/ldap/schema/{name}.schema");
    }
    let _ = writeln!(text, "pidfile {folder}/pid\nmodulepath /usr/lib/ldap");
    for name in ["back_mdb", "syncprov", "ppolicy"] {
        let _ = writeln!(text, "moduleload {name}");
    }
    text + &format!(
        "TLSCACertificateFile {folder}/server.pem\nTLSCertificateFile {folder}/server.pem\n\
         TLSCertificateKeyFile {folder}/server.key\nTLSVerifyClient never\n\
         sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited\n\
         database mdb\nsuffix \"{SUFFIX}\"\nrootdn \"cn=admin,{SUFFIX}\"\nrootpw {SECRET}\ndirectory {folder}/data\n\
         maxsize 1073741824\ndbnosync\nindex objectClass,uid,cn,mail,member,memberUid,entryUUID,entryCSN eq\n\
         access to attrs=userPassword by anonymous auth by * none\naccess to * by dn.exact=\"{READER}\" read by * none\n\
         limits dn.exact=\"{READER}\" size.soft=unlimited size.hard=unlimited size.prtotal=unlimited\n{options}\n"
    )
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
