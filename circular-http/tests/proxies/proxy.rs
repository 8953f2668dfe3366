//! nginx, Caddy and haproxy with TLS before a log, configured as the README says.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Program, block, find, replaced};

/// The name that the README has.
pub(crate) const NAME: &str = "log.example.com";

/// The address that the README has for the log.
const UPSTREAM: &str = "127.0.0.1:6061";

/// A certificate that nobody has to believe, and its key, in files.
fn certificate(openssl: &Path, dir: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    let output = Command::new(openssl)
        .args(["req", "-x509", "-nodes", "-newkey", "ec", "-days", "2"])
        .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-subj", &format!("/CN={NAME}")])
        .args(["-addext", &format!("subjectAltName=DNS:{NAME}")])
        .arg("-out")
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key)
        .output()
        .expect("openssl can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    (certificate, key)
}

/// nginx as it comes from Debian, with the README's block in a server of its own.
pub(crate) fn nginx(log: SocketAddr) -> Option<Program> {
    let (nginx, openssl) = find("nginx").zip(find("openssl"))?;
    let locations = replaced(&block("nginx"), UPSTREAM, &log.to_string());
    Some(Program::start(|dir, port| {
        let (certificate, key) = certificate(&openssl, dir);
        let server = format!(
            "server {{\nlisten 127.0.0.1:{port} ssl;\nserver_name {NAME};\nssl_certificate {};\n\
             ssl_certificate_key {};\n{locations}}}\n",
            certificate.display(),
            key.display()
        );
        fs::write(dir.join("server.conf"), server).expect("there is room");
        let dir_name = dir.to_str().expect("it is text");
        let mut config = fs::read_to_string("/etc/nginx/nginx.conf").expect("it is there");
        for (old, new) in [
            ("user www-data;", String::new()),
            ("/run/nginx.pid", format!("{dir_name}/pid")),
            ("/var/log/nginx", dir_name.to_owned()),
            (
                "/etc/nginx/sites-enabled/*",
                format!("{dir_name}/server.conf"),
            ),
            // Those of this machine are none of ours.
            ("include /etc/nginx/conf.d/*.conf;", String::new()),
        ] {
            config = replaced(&config, old, &new);
        }
        fs::write(dir.join("nginx.conf"), config).expect("there is room");
        let mut command = Command::new(&nginx);
        command
            .args(["-g", "daemon off;", "-c"])
            .arg(dir.join("nginx.conf"));
        command
    }))
}

pub(crate) fn caddy(log: SocketAddr) -> Option<Program> {
    let (caddy, openssl) = find("caddy").zip(find("openssl"))?;
    let site = replaced(&block("caddy"), UPSTREAM, &log.to_string());
    Some(Program::start(|dir, port| {
        let (certificate, key) = certificate(&openssl, dir);
        let begin = format!(
            "{{\nadmin off\nauto_https off\n}}\n\nhttps://{NAME}:{port} {{\nbind 127.0.0.1\ntls {} {}\n",
            certificate.display(),
            key.display()
        );
        let site = replaced(&site, &format!("{NAME} {{\n"), &begin);
        fs::write(dir.join("Caddyfile"), site).expect("there is room");
        let mut command = Command::new(&caddy);
        command
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(dir.join("Caddyfile"))
            .env("HOME", dir)
            .env("XDG_DATA_HOME", dir)
            .env("XDG_CONFIG_HOME", dir);
        command
    }))
}

/// haproxy with Debian's defaults.
pub(crate) fn haproxy(log: SocketAddr) -> Option<Program> {
    let (haproxy, openssl) = find("haproxy").zip(find("openssl"))?;
    let sections = replaced(&block("haproxy"), UPSTREAM, &log.to_string());
    Some(Program::start(|dir, port| {
        let (certificate, key) = certificate(&openssl, dir);
        let both = [&certificate, &key].map(|file| fs::read_to_string(file).expect("it is text"));
        let pem = dir.join("both.pem");
        fs::write(&pem, both.concat()).expect("there is room");
        let config = fs::read_to_string("/etc/haproxy/haproxy.cfg").expect("it is there");
        let (_, defaults) = config.split_once("\ndefaults\n").expect("it has some");
        let sections = replaced(&sections, ":443", &format!("127.0.0.1:{port}"));
        let sections = replaced(
            &sections,
            "/etc/haproxy/log.example.com.pem",
            pem.to_str().expect("it is text"),
        );
        let config = format!("defaults\n{defaults}\n{sections}");
        fs::write(dir.join("haproxy.cfg"), config).expect("there is room");
        let mut command = Command::new(&haproxy);
        command.arg("-f").arg(dir.join("haproxy.cfg"));
        command
    }))
}
