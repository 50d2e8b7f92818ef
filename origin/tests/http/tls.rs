//! A key provider behind TLS of its own authority, which wants a client certificate: tls/make.py made the certificates.

use std::{net::SocketAddr, sync::Arc};

use axum::serve::Listener;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use serde_json::Value;
use sluice_origin::{
    config::{CertificateConfig, KeysConfig, KeyserverConfig, SecretRef, TlsConfig},
    cpix::{KeyRequest, RequestedKey, TrackType},
    keyserver,
    speke::{SpekeClient, SpekeError},
};
use sluice_packager::{
    keys::Kid,
    title::{KeySystem, Scheme},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            if let Ok((stream, from)) = self.tcp.accept().await
                && let Ok(stream) = self.acceptor.accept(stream).await
            {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

fn made() -> Value {
    serde_json::from_str(include_str!("tls/tls.json")).expect("JSON")
}

fn pem(text: &Value) -> &[u8] {
    text.as_str().expect("text").as_bytes()
}

/// The key server's address. It serves whoever shows a certificate of the authority, and nobody else.
async fn server(made: &Value) -> SocketAddr {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let der = |text| CertificateDer::from_pem_slice(pem(text)).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(der(&made["ca"])).expect("an authority");
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier");
    let key = PrivateKeyDer::from_pem_slice(pem(&made["server"]["private_key"])).expect("a key");
    let config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![der(&made["server"]["certificate"])], key)
        .expect("a server");
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let listener = Tls { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) };
    let address = listener.local_addr().expect("an address");
    let router = keyserver::router(&KeyserverConfig::new(address)).expect("a key server");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn pair(made: &Value) -> CertificateConfig {
    let secret = |name: &str| SecretRef::value(made[name].as_str().expect("text"));
    CertificateConfig { certificate: secret("certificate"), private_key: secret("private_key") }
}

#[tokio::test]
async fn the_provider_is_known_by_its_authority_and_knows_the_origin_by_its_certificate() {
    let made = made();
    let address = server(&made).await;
    let request = KeyRequest {
        content_id: "film".to_owned(),
        scheme: Scheme::Cenc,
        keys: vec![RequestedKey { kid: Kid([1; 16]), tracks: TrackType::All, period: 0 }],
        systems: vec![KeySystem::Widevine],
    };
    let fetch = async |ca: &str, client: Option<CertificateConfig>| {
        let tls = TlsConfig { ca: Some(SecretRef::value(made[ca].as_str().expect("text"))), client };
        let url = format!("https://{address}{}", keyserver::PATH);
        let config = KeysConfig { tls, attempts: 1, ..KeysConfig::new(url, SecretRef::value("unused here")) };
        SpekeClient::new(&config).expect("a client").fetch(&request).await.map(|answer| answer.keys.len())
    };
    assert_eq!(fetch("ca", Some(pair(&made["client"]))).await.ok(), Some(1));
    assert!(matches!(fetch("ca", None).await, Err(SpekeError::Connect(_))));
    assert!(matches!(fetch("ca", Some(pair(&made["stranger"]))).await, Err(SpekeError::Connect(_))));
    assert!(matches!(fetch("other_ca", Some(pair(&made["client"]))).await, Err(SpekeError::Connect(_))));
}

#[test]
fn what_is_no_certificate_stops_the_client() {
    let made = made();
    let new = |tls: TlsConfig| {
        SpekeClient::new(&KeysConfig {
            tls,
            ..KeysConfig::new("https://drm.example/speke", SecretRef::value("unused here"))
        })
        .err()
    };
    assert!(new(TlsConfig::default()).is_none());
    for ca in ["", "no PEM"] {
        let tls = TlsConfig { ca: Some(SecretRef::value(ca)), client: None };
        assert!(matches!(new(tls), Some(SpekeError::Setup(_) | SpekeError::Secret(_))), "{ca}");
    }
    let broken = CertificateConfig { private_key: SecretRef::value("no key"), ..pair(&made["client"]) };
    assert!(matches!(new(TlsConfig { ca: None, client: Some(broken) }), Some(SpekeError::Setup(_))));
}
