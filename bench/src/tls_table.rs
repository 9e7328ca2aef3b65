//! A table behind TLS, and functions that trust its certificate.
//!
//! The certificate's authority is made for one run of the benchmark. Our functions trust only Amazon's five
//! authorities, which are compiled in, and nothing in their environment adds one: such a switch would be a hole in
//! production. So the benchmark copies a binary and writes its own authority over one of the five. The floor reads the
//! system's authorities, and where they are from `SSL_CERT_FILE`, as the crates that it uses do.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use local::Error;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// Where Debian and Amazon Linux have the authorities of the system.
const SYSTEM: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// What is compiled into our functions.
const AMAZON: &[u8] = include_bytes!("../../shared/src/aws/amazon_roots.pem");

/// A running server, until it is dropped.
pub(crate) struct TlsTable {
    url: String,
    /// In PEM.
    authority: String,
    server: JoinHandle<()>,
}

impl TlsTable {
    /// Starts in front of a table that is at this address, without TLS.
    pub(crate) async fn start(table: String) -> Result<Self, Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let certificate = CertificateParams::new([address.ip().to_string()])?;
        let certificate = certificate.signed_by(&key, &authority)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der())?,
            )?;
        let tls = TlsAcceptor::from(Arc::new(config));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, table) = (tls.clone(), table.clone());
                // It ends with an error where a process is killed.
                tokio::spawn(async move { forward(tls, stream, &table).await });
            }
        });
        Ok(Self {
            url: format!("https://{address}"),
            authority: pem(authority.der()),
            server,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Copies a binary into `folder`, with this table's authority in the place of the first of Amazon's.
    pub(crate) fn trusted_by(&self, binary: &Path, folder: &Path) -> Result<(), Error> {
        const END: &[u8] = b"-----END CERTIFICATE-----";
        let mut bytes = fs::read(binary)?;
        let roots = position(&bytes, AMAZON).ok_or("the binary has no authorities of Amazon")?;
        let length = position(AMAZON, END).ok_or("no certificate")? + END.len();
        let mut authority = self.authority.clone().into_bytes();
        // The line's end stays where it is.
        if authority.len() > length {
            return Err("the authority is too long".into());
        }
        authority.resize(length, b'\n');
        bytes[roots..roots + length].copy_from_slice(&authority);
        let copy = folder.join(binary.file_name().ok_or("no name")?);
        fs::copy(binary, &copy)?;
        Ok(fs::write(copy, bytes)?)
    }

    /// Writes a file with the system's authorities and this table's, for `SSL_CERT_FILE`.
    pub(crate) fn authorities(&self, folder: &Path) -> Result<PathBuf, Error> {
        let system = SYSTEM.iter().find_map(|path| fs::read(path).ok());
        let mut all =
            system.ok_or("the system has no authorities: Debian has them in ca-certificates")?;
        all.extend_from_slice(self.authority.as_bytes());
        let file = folder.join("authorities.pem");
        fs::write(&file, all)?;
        Ok(file)
    }
}

impl Drop for TlsTable {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(tls: TlsAcceptor, stream: TcpStream, table: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut client = tls.accept(stream).await?;
    let mut table = TcpStream::connect(table).await?;
    table.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut table).await?;
    Ok(())
}

/// "PEM", RFC 7468, section 2.
fn pem(certificate: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem + "-----END CERTIFICATE-----\n"
}

fn position(bytes: &[u8], searched: &[u8]) -> Option<usize> {
    bytes
        .windows(searched.len())
        .position(|part| part == searched)
}
