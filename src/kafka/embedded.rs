//! A Kafka in this process, in memory only, for `comity demo` and the quick tests.
//!
//! It keeps transactions, fencing, `read_committed`, compaction and `LogAppendTime`; it forgets no dead member and no
//! dead transaction, has one node and no TLS, and breaks on a fetch of some 100 MB. A reader that begins behind an
//! aborted transaction does not see what the same producer sent later. It is no place for real alerts.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use noida::kafka::connection::handle_connection;
use noida::kafka::engine::Engine;

/// The library answers a fetch at once, with nothing where there is nothing, so that a consumer would ask without end
/// and take a whole core. Each fetch waits this long before the library sees it.
const FETCH_PAUSE: Duration = Duration::from_millis(2);
/// Fetch's number in Kafka's protocol.
const FETCH_KEY: [u8; 2] = [0, 1];
/// Bytes of one request, at most: Kafka's default of `socket.request.max.bytes`.
const REQUEST_BYTES_MAX: usize = 100 * 1024 * 1024;

/// A running embedded broker. It serves until the process ends: its library has no way to stop it.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedBroker {
    address: SocketAddr,
}

impl EmbeddedBroker {
    /// Starts a broker on the loopback interface; `port` 0 takes any free one.
    ///
    /// # Errors
    /// The port is taken.
    pub fn start(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let inner = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let engine = Engine::new(address.ip().to_string(), i32::from(address.port()));
        engine.spawn_log_cleaner();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that cannot be served is closed, which its client sees.
                let _closed = serve(client, &inner, &engine);
            }
        });
        Ok(Self { address })
    }

    /// What `kafka.bootstrap_servers` has to be.
    pub fn bootstrap_servers(&self) -> String {
        self.address.to_string()
    }
}

/// Puts a pump between a client and the library, which takes whole connections only.
fn serve(client: TcpStream, inner: &TcpListener, engine: &Engine) -> io::Result<()> {
    let to_library = TcpStream::connect(inner.local_addr()?)?;
    let (library, _) = inner.accept()?;
    client.set_nodelay(true)?;
    to_library.set_nodelay(true)?;
    let (answers, back) = (to_library.try_clone()?, client.try_clone()?);
    let engine = engine.clone();
    thread::spawn(move || handle_connection(library, engine));
    thread::spawn(move || {
        let _ended = requests(client, to_library);
    });
    thread::spawn(move || {
        let _ended = io::copy(&mut &answers, &mut &back);
        let _gone = back.shutdown(Shutdown::Both);
    });
    Ok(())
}

/// Passes requests on, whole frames at a time, until one side ends.
fn requests(mut client: TcpStream, mut library: TcpStream) -> io::Result<()> {
    let mut frame = Vec::new();
    let ended = loop {
        let mut length = [0; 4];
        if let Err(error) = client.read_exact(&mut length) {
            break Err(error);
        }
        let bytes = u32::from_be_bytes(length) as usize;
        if bytes > REQUEST_BYTES_MAX {
            break Err(io::ErrorKind::InvalidData.into());
        }
        frame.clear();
        frame.extend_from_slice(&length);
        frame.resize(length.len() + bytes, 0);
        if let Err(error) = client.read_exact(&mut frame[length.len()..]) {
            break Err(error);
        }
        if frame.get(length.len()..length.len() + FETCH_KEY.len()) == Some(FETCH_KEY.as_slice()) {
            thread::sleep(FETCH_PAUSE);
        }
        if let Err(error) = library.write_all(&frame) {
            break Err(error);
        }
    };
    let _gone = (client.shutdown(Shutdown::Both), library.shutdown(Shutdown::Both));
    ended
}
