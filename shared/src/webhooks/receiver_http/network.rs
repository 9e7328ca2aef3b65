//! What the client asks of the system: the addresses of a name, and a connection to one of them.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

pub(super) enum Network {
    System,
    #[cfg(test)]
    Test(TestNetwork),
}

impl Network {
    pub(super) async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => {
                // With the dot, the name is absolute: the system tries no domain of its own behind it.
                let found = lookup_host((format!("{name}."), 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }
            #[cfg(test)]
            Self::Test(network) => (network.addresses)(name.to_owned()).await,
        }
    }

    pub(super) async fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::System => Ok(Box::new(TcpStream::connect(address).await?)),
            #[cfg(test)]
            Self::Test(network) => (network.connect)(address).await,
        }
    }
}

/// What stands for the system in a test.
#[cfg(test)]
pub(super) struct TestNetwork {
    pub(super) addresses: Call<String, Vec<IpAddr>>,
    pub(super) connect: Call<SocketAddr, Box<dyn Stream>>,
}

#[cfg(test)]
type Call<A, T> = Box<dyn Fn(A) -> Found<T> + Send + Sync>;

#[cfg(test)]
pub(super) type Found<T> = futures_util::future::BoxFuture<'static, io::Result<T>>;
