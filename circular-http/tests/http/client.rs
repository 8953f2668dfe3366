//! A client with curl's arguments, as far as these tests have them: so that they need no program that a fresh
//! machine has not.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// As `--max-time 60`, for each read.
const PATIENCE: Duration = Duration::from_secs(60);

/// A response whose head has come.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status line and the header fields.
    pub(crate) head: String,
    pub(crate) body: Body,
}

/// Asks for `url`. The `arguments` are curl's: `--header`, `--data`, `--data-urlencode`, `--head`, `--http1.0`,
/// `--referer` and `--request`.
pub(crate) fn ask(url: &str, arguments: &[&str]) -> io::Result<Asked> {
    let rest = url.strip_prefix("http://").expect("it is a URL");
    let (addr, path) = rest
        .find(['/', '?'])
        .map_or((rest, ""), |at| rest.split_at(at));
    let slash = if path.starts_with('/') { "" } else { "/" };
    let (mut method, mut data, mut version) = (None, None, "1.1");
    let mut headers = vec![
        ("host".to_owned(), addr.to_owned()),
        ("accept".to_owned(), "*/*".to_owned()),
    ];
    let mut set = |name: &str, value: &str| {
        let name = name.trim().to_ascii_lowercase();
        headers.retain(|(known, _)| *known != name);
        headers.push((name, value.trim().to_owned()));
    };
    let mut arguments = arguments.iter().copied();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("it has a value");
        match argument {
            "--head" => method = Some("HEAD"),
            "--http1.0" => version = "1.0",
            "--request" => method = Some(value()),
            "--referer" => set("referer", value()),
            "--header" => {
                let (name, value) = value().split_once([':', ';']).expect("a name and a value");
                set(name, value);
            }
            "--data" => data = Some(value().to_owned()),
            "--data-urlencode" => {
                let (name, value) = value().split_once('=').expect("a name and a value");
                let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
                data = Some(format!("{name}={value}"));
            }
            other => panic!("there is no argument {other}"),
        }
    }
    if let Some(data) = &data {
        set("content-type", "application/x-www-form-urlencoded");
        set("content-length", &data.len().to_string());
    }
    let method = method.unwrap_or(if data.is_some() { "POST" } else { "GET" });
    let mut request = format!("{method} {slash}{path} HTTP/{version}\r\n");
    for (name, value) in &headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    request += data.as_deref().unwrap_or_default();

    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    Ok(Asked {
        reader: BufReader::new(stream),
        has_body: method != "HEAD",
    })
}

/// A request that was sent.
#[derive(Debug)]
pub(crate) struct Asked {
    reader: BufReader<TcpStream>,
    has_body: bool,
}

impl Asked {
    /// Waits for the head of the response.
    pub(crate) fn response(self) -> io::Result<Response> {
        let Self {
            mut reader,
            has_body,
        } = self;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let field = |wanted: &str| {
            head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case(wanted).then(|| value.trim())
            })
        };
        let left = if !has_body || head.contains(" 304 ") {
            Left::Bytes(0)
        } else if field("transfer-encoding") == Some("chunked") {
            Left::Chunks(0)
        } else if let Some(length) = field("content-length") {
            Left::Bytes(length.parse().expect("it is a number"))
        } else {
            Left::ToTheEnd
        };
        let body = Body { reader, left };
        Ok(Response { head, body })
    }
}

/// What comes behind a head. It ends with an error if it does not come to its end.
#[derive(Debug)]
pub(crate) struct Body {
    reader: BufReader<TcpStream>,
    left: Left,
}

#[derive(Clone, Copy, Debug)]
enum Left {
    Bytes(u64),
    /// So much of a chunk, and others.
    Chunks(u64),
    ToTheEnd,
}

impl Body {
    fn next_chunk(&mut self) -> io::Result<u64> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim_end(), 16);
        let size = size.map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        if size == 0 {
            self.reader.read_line(&mut line)?;
        }
        Ok(size)
    }

    fn read_at_most(&mut self, count: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = usize::try_from(count).map_or(buffer.len(), |count| count.min(buffer.len()));
        if count == 0 {
            // A buffered reader would wait for more all the same.
            return Ok(0);
        }
        let read = self.reader.read(&mut buffer[..count])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(read)
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.left {
            Left::ToTheEnd => self.reader.read(buffer),
            Left::Bytes(left) => {
                let read = self.read_at_most(left, buffer)?;
                self.left = Left::Bytes(left - read as u64);
                Ok(read)
            }
            Left::Chunks(0) => {
                let size = self.next_chunk()?;
                if size == 0 {
                    self.left = Left::Bytes(0);
                    return Ok(0);
                }
                self.left = Left::Chunks(size);
                self.read(buffer)
            }
            Left::Chunks(left) => {
                let read = self.read_at_most(left, buffer)?;
                let left = left - read as u64;
                if left == 0 {
                    self.reader.read_line(&mut String::new())?;
                }
                self.left = Left::Chunks(left);
                Ok(read)
            }
        }
    }
}
