//! What only a server of its own has: where it listens, and how long it waits for a request.

use std::io;
use std::net::{self, Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::site::addr::{Addr, ListenAddr};
use crate::site::options::{LONGEST, Options};
#[cfg(unix)]
use crate::viewer::connection::SEGMENT;

/// How many connections the system keeps until they are accepted.
const BACKLOG: i32 = 1024;

/// What the system keeps of what a client has not taken. A large one would hold a slow viewer's past, and hide for long
/// whether it takes anything.
const SEND_BUFFER: usize = 16 << 10;

/// Marks [`Options`] that are for a server of its own, which listens somewhere: [`serve`](crate::serve) takes them,
/// and [`router`](crate::router) does not.
#[derive(Clone, Debug)]
pub struct Listen {
    pub(crate) addr: Addr,
    pub(crate) header_timeout: Duration,
}

/// What only [`serve`](crate::serve) uses.
impl<L> Options<L>
where
    Self: Into<Options<Listen>>,
{
    /// Sets where [`serve`](crate::serve) listens; 127.0.0.1:6061 by default. Port 0 takes a free one.
    /// An address that other machines can reach needs a token. Text that is no address, such as a host's
    /// name, is an error when it is served.
    ///
    /// It makes of `Options` `Options<Listen>`, so where it is called under a condition, begin with
    /// `let mut options: Options<Listen> = Options::new().into()`.
    pub fn addr(self, addr: impl ListenAddr) -> Options<Listen> {
        let mut options = self.into();
        options.listen.addr = addr.into_addr();
        options
    }

    /// Sets how long a connection to [`serve`](crate::serve) may take to send a request's head, and may
    /// be without a request; 10 s by default.
    pub fn header_timeout(self, timeout: Duration) -> Options<Listen> {
        let mut options = self.into();
        options.listen.header_timeout = timeout.min(LONGEST);
        options
    }
}

/// For a server that listens at 127.0.0.1:6061 by default.
impl From<Options> for Options<Listen> {
    fn from(options: Options) -> Self {
        let defaults = Listen {
            addr: Addr::Good((Ipv4Addr::LOCALHOST, 6061).into()),
            header_timeout: Duration::from_secs(10),
        };
        options.with(defaults).0
    }
}

/// Listens there; on a free port for port 0.
pub(crate) fn bind(addr: SocketAddr) -> io::Result<net::TcpListener> {
    let bind = || {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        // As the standard library does: a program that was restarted gets its address again.
        if cfg!(unix) {
            socket.set_reuse_address(true)?;
        }
        socket.set_send_buffer_size(SEND_BUFFER)?;
        // On the loopback device too. Where it cannot be had, nothing but that is lost.
        #[cfg(unix)]
        let _ = socket.set_tcp_mss(SEGMENT);
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    bind().map_err(|error: io::Error| {
        let what_to_do = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "stop the program that has it, or choose another with Options::addr (port 0 takes a free one)"
            }
            _ => "choose an address of this machine with Options::addr",
        };
        let text = format!("cannot show the log on {addr}: {error}; {what_to_do}");
        io::Error::new(error.kind(), text)
    })
}
