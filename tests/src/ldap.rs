//! A directory, as a neighbour process: Debian's slapd with a data directory of its own.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const BASE: &str = "dc=kezhan,dc=test";
pub const READER: &str = "cn=reader,dc=kezhan,dc=test";
pub const READER_PASSWORD: &str = "reads everything";

/// slapd with TLS on both of its ports; gone with all it holds when dropped.
pub struct Ldap {
    child: Child,
    dir: PathBuf,
    pub port: u16,
    pub tls_port: u16,
}

fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Ldap {
    pub fn start(people: &str) -> Ldap {
        let dir = std::env::temp_dir().join(format!("kezhan-ldap-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(dir.join("db")).unwrap();
        let at = |name: &str| dir.join(name).display().to_string();
        certificates(&dir);
        let config = format!(
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n\
             include /etc/ldap/schema/inetorgperson.schema\ninclude /etc/ldap/schema/nis.schema\n\
             modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {}\n\
             TLSCACertificateFile {}\nTLSCertificateFile {}\nTLSCertificateKeyFile {}\n\
             sizelimit size.soft=5 size.hard=unlimited size.prtotal=unlimited size.pr=1000\n\
             database mdb\nmaxsize 104857600\nsuffix \"{BASE}\"\n\
             directory {}\naccess to attrs=userPassword by anonymous auth by * none\naccess to * by * read\n",
            at("pid"),
            at("ca.pem"),
            at("server.pem"),
            at("server.key"),
            at("db")
        );
        std::fs::write(dir.join("slapd.conf"), config).unwrap();
        std::fs::write(dir.join("start.ldif"), format!("{}\n{people}", root())).unwrap();
        run("/usr/sbin/slapadd", &["-q", "-f", &at("slapd.conf"), "-l", &at("start.ldif")]);
        let (port, tls_port) = (free_port(), free_port());
        let child = serve(&dir, port, tls_port);
        let ldap = Ldap { child, dir, port, tls_port };
        ldap.wait();
        ldap
    }

    fn wait(&self) {
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "slapd does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// With StartTLS.
    pub fn url(&self) -> String {
        format!("ldap://localhost:{}", self.port)
    }

    pub fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.tls_port)
    }

    /// The certificate of the authority.
    pub fn authority(&self) -> String {
        std::fs::read_to_string(self.dir.join("ca.pem")).unwrap()
    }

    /// Stopped, with everything kept.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Other people: stopped, changed offline, started again.
    pub fn replace(&mut self, people: &str) {
        self.stop();
        std::fs::remove_dir_all(self.dir.join("db")).unwrap();
        std::fs::create_dir_all(self.dir.join("db")).unwrap();
        let ldif = self.dir.join("start.ldif");
        std::fs::File::create(&ldif).unwrap().write_all(format!("{}\n{people}", root()).as_bytes()).unwrap();
        let conf = self.dir.join("slapd.conf").display().to_string();
        run("/usr/sbin/slapadd", &["-q", "-f", &conf, "-l", &ldif.display().to_string()]);
        self.child = serve(&self.dir, self.port, self.tls_port);
        self.wait();
    }
}

fn serve(dir: &Path, port: u16, tls_port: u16) -> Child {
    Command::new("/usr/sbin/slapd")
        // In the foreground.
        .args(["-d", "0", "-f", &dir.join("slapd.conf").display().to_string()])
        .args(["-h", &format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// An authority, and a certificate of it for localhost.
fn certificates(dir: &Path) {
    let at = |name: &str| dir.join(name).display().to_string();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let mut args = vec!["req", "-x509"];
    let (ca_key, ca) = (at("ca.key"), at("ca.pem"));
    args.extend(key);
    args.extend(["-keyout", &ca_key, "-out", &ca, "-subj", "/CN=Test authority"]);
    run("openssl", &args);
    let (server_key, server) = (at("server.key"), at("server.pem"));
    let mut args = vec!["req", "-x509"];
    args.extend(key);
    args.extend(["-keyout", &server_key, "-out", &server, "-subj", "/CN=localhost"]);
    args.extend(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"]);
    args.extend(["-CA", &ca, "-CAkey", &ca_key]);
    run("openssl", &args);
}

fn root() -> String {
    let mut out = format!(
        "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: kezhan\ndc: kezhan\n\n\
         dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: reader\n\
         userPassword: {READER_PASSWORD}\n"
    );
    for (unit, above) in [("people", ""), ("groups", ""), ("East", "ou=people,"), ("West", "ou=people,")] {
        out.push_str(&format!("\ndn: ou={unit},{above}{BASE}\nobjectClass: organizationalUnit\nou: {unit}\n"));
    }
    out
}

/// Somebody for the directory. The id stays what it is whatever else changes.
pub fn person(id: u32, uid: &str, name: &str, unit: &str, more: &str) -> String {
    format!(
        "\ndn: uid={uid},ou={unit},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {name}\nsn: {name}\n\
         mail: {uid}@kezhan.test\nuserPassword: {uid}'s password\nentryUUID: 00000000-0000-4000-8000-{id:012}\n{more}"
    )
}

/// A group with these people.
pub fn group(name: &str, members: &[(&str, &str)]) -> String {
    let mut out = format!("\ndn: cn={name},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {name}\n");
    for (uid, unit) in members {
        out.push_str(&format!("member: uid={uid},ou={unit},ou=people,{BASE}\n"));
    }
    out
}

impl Drop for Ldap {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
