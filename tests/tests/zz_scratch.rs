//! scratch
use sluice_tests::runtime::{Kv, KvUrl, spin::*};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn start(kv: Kv) -> Running {
    let mut o = SpinOptions::new(ComponentSource::File("/tmp/guest/target/wasm32-wasip2/release/guest.wasm".into()));
    o.variables.insert("greeting".into(), "hi".into());
    o.kv = kv;
    SpinRuntime::start(o).await.expect("starts")
}
async fn raw(r: &Running, path: &str) -> String {
    let mut s = TcpStream::connect(r.addr()).await.expect("c");
    s.write_all(
        format!(
            "GET {path} HTTP/1.1\r\nhost: edge.example\r\nSpin-Client-Addr: 6.6.6.6:1\r\nconnection: close\r\n\r\n"
        )
        .as_bytes(),
    )
    .await
    .expect("w");
    let mut v = Vec::new();
    let _ = s.read_to_end(&mut v).await;
    let t = String::from_utf8_lossy(&v).into_owned();
    if t.len() > 1500 { format!("{}...{}", &t[..300], t.len()) } else { t }
}

#[tokio::test(flavor = "multi_thread")]
async fn all() {
    let t = Instant::now();
    let dir = tempfile::tempdir().expect("d");
    let r = start(KvUrl::Sqlite(dir.path().join("x.db")).open().expect("o")).await;
    println!("start {:?}", t.elapsed());
    let t = Instant::now();
    let r2 = start(Kv::memory()).await;
    println!("second start {:?}", t.elapsed());
    for p in ["/hello?x=1", "/nope", "/kv?greeting", "/kv?undefined_one", "/kv?BAD", "/exact", "/mem?10"] {
        println!("--- {p}\n{}", raw(&r, p).await);
    }
    println!("{}", raw(&r2, "/kv?greeting").await);
    assert_eq!(r.traps(), Vec::<String>::new());
    for p in ["/panic", "/silent", "/trap-mid", "/drop-mid", "/forget-mid", "/short", "/mem?200"] {
        println!("--- {p}\n{}", raw(&r, p).await);
        println!("TRAPS {:?}", r.traps().len());
    }
    for t in r.traps() {
        println!("TRAP {}", t.lines().next().unwrap_or(""));
    }
    println!("LOG {:?}", r.log().drain());
    // client that goes away
    let mut s = TcpStream::connect(r.addr()).await.expect("c");
    s.write_all(b"GET /chunks?100000 HTTP/1.1\r\nhost: e\r\n\r\n").await.expect("w");
    let mut b = [0u8; 1000];
    s.read_exact(&mut b).await.expect("r");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let n = r.log().lines().len();
    println!("backpressure: sent {n}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(n, r.log().lines().len());
    drop(s);
    tokio::time::sleep(Duration::from_millis(200)).await;
    println!("after drop {} {:?}", r.log().lines().len(), r.log().lines().last());
    // spinning guest is cancelled by a client that goes
    let mut s = TcpStream::connect(r.addr()).await.expect("c");
    s.write_all(b"GET /spin HTTP/1.1\r\nhost: e\r\n\r\n").await.expect("w");
    tokio::time::sleep(Duration::from_millis(100)).await;
    println!("{}", raw(&r, "/kv?greeting").await);
    drop(s);
    // proxy, streaming
    let l = TcpListener::bind("127.0.0.1:0").await.expect("l");
    let a = l.local_addr().expect("a");
    let (tx, mut rx) = tokio::sync::mpsc::channel::<&'static [u8]>(1);
    tokio::spawn(async move {
        let (mut s, _) = l.accept().await.expect("a");
        let mut b = [0; 1000];
        let n = s.read(&mut b).await.expect("r");
        println!("origin saw {}", String::from_utf8_lossy(&b[..n]));
        s.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n").await.expect("w");
        while let Some(x) = rx.recv().await {
            s.write_all(x).await.expect("w");
        }
    });
    let mut s = TcpStream::connect(r.addr()).await.expect("c");
    s.write_all(format!("GET /proxy?{a}/some/path HTTP/1.1\r\nhost: e\r\n\r\n").as_bytes()).await.expect("w");
    tx.send(b"abcd").await.expect("s");
    let mut v = Vec::new();
    while !v.ends_with(b"abcd\r\n") {
        let mut b = [0; 100];
        let n = s.read(&mut b).await.expect("r");
        v.extend_from_slice(&b[..n]);
    }
    println!("first bytes {:?}", String::from_utf8_lossy(&v));
    tx.send(b"efgh").await.expect("s");
    let n = s.read(&mut b).await.expect("r");
    println!("then {:?}", String::from_utf8_lossy(&b[..n]));
    println!("refused: {}", raw(&r, "/proxy?127.0.0.1:1/x").await);
    // speed
    let t = Instant::now();
    let c = sluice_tests::client::http_client();
    for _ in 0..500 {
        c.get(format!("http://{}/nope", r.addr())).send().await.expect("s").bytes().await.expect("b");
    }
    println!("per request {:?}", t.elapsed() / 500);
    let t = Instant::now();
    let n = c.get(format!("http://{}/chunks?3200", r.addr())).send().await.expect("s").bytes().await.expect("b").len();
    println!("{n} bytes {:?}", t.elapsed());
    for t in r.traps() {
        println!("TRAP {}", t.lines().next().unwrap_or(""));
    }
    r.shutdown().await;
}
