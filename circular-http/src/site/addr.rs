//! Where to listen, as people write it.
//!
//! A text that is no address is told when somebody listens there, so that options are one chain of calls.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// What [`Options::addr`](crate::Options::addr) takes: a `SocketAddr`, an IP address and a port, or both as
/// text.
///
/// ```
/// use circular_http::Options;
///
/// Options::new().addr("127.0.0.1:0");
/// Options::new().addr(([127, 0, 0, 1], 0));
/// Options::new().addr((std::net::Ipv6Addr::LOCALHOST, 6061));
/// ```
///
/// It is for this crate's types only.
pub trait ListenAddr: sealed::Sealed {}

mod sealed {
    pub trait Sealed {
        #[doc(hidden)]
        fn into_addr(self) -> super::Addr;
    }
}

pub(crate) use sealed::Sealed;

/// An address, or the text that is none.
#[derive(Clone, Debug)]
pub enum Addr {
    Good(SocketAddr),
    Bad(String),
}

impl Addr {
    pub(crate) fn get(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Good(addr) => Ok(*addr),
            Self::Bad(text) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "cannot show the log on {text:?}, which is not an IP address and a port: give \
                     Options::addr one such as 127.0.0.1:6061 or [::1]:6061 (port 0 takes a free one)"
                ),
            )),
        }
    }
}

impl Sealed for &str {
    fn into_addr(self) -> Addr {
        self.parse()
            .map_or_else(|_| Addr::Bad(self.to_owned()), Addr::Good)
    }
}

macro_rules! same_as {
    ($($type:ty: $addr:ident => $as:expr;)*) => {$(
        impl Sealed for $type {
            fn into_addr(self) -> Addr {
                let $addr = self;
                $as
            }
        }

        impl ListenAddr for $type {}
    )*};
}

same_as! {
    SocketAddr: addr => Addr::Good(addr);
    SocketAddrV4: addr => Addr::Good(addr.into());
    SocketAddrV6: addr => Addr::Good(addr.into());
    String: text => text.as_str().into_addr();
    &String: text => text.as_str().into_addr();
}

impl ListenAddr for &str {}

impl<I: Into<IpAddr>> Sealed for (I, u16) {
    fn into_addr(self) -> Addr {
        Addr::Good(self.into())
    }
}

impl<I: Into<IpAddr>> ListenAddr for (I, u16) {}
