//! A network that one turns by hand: a TCP proxy between clients and a broker that knows just enough of Kafka's
//! protocol to hold back what a slow network would. Clients that bootstrap through it stay on it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

const PRODUCE: i16 = 0;
const INIT_PRODUCER_ID: i16 = 22;
pub(crate) const FETCH: i16 = 1;
/// The requests of a transaction, by their numbers in Kafka's protocol.
pub(crate) const ADD_PARTITIONS_TO_TXN: i16 = 24;
pub(crate) const ADD_OFFSETS_TO_TXN: i16 = 25;
pub(crate) const END_TXN: i16 = 26;
pub(crate) const TXN_OFFSET_COMMIT: i16 = 28;
/// How long one look at a condition waits; the wait itself is bounded by the test's own deadline.
const LOOK: Duration = Duration::from_millis(5);

/// One proxy. It lives as long as the test's process.
pub(crate) struct Proxy {
    port: u16,
    upstream: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    network: Mutex<Network>,
    changed: Condvar,
}

#[derive(Default)]
struct Network {
    /// The next EndTxn is swallowed, and its connection to the client ends.
    hold_end_txn: bool,
    /// That EndTxn, with its connection to the broker.
    held: Option<(Vec<u8>, TcpStream)>,
    /// The last EndTxn that passed.
    last_end_txn: Option<Vec<u8>>,
    /// Produce requests that name this topic wait.
    stalled_topic: Option<String>,
    /// So many of them pass before.
    passing: usize,
    stalled: usize,
    /// Requests of this kind wait, and with them what follows on their connection.
    halted: Option<i16>,
    halts: usize,
    /// Each turn lets those that wait pass.
    turn: usize,
    /// A topic that the coordinator of transactions knows by the name of another one, as long as its own.
    renamed: Option<(Vec<u8>, Vec<u8>)>,
    /// The time that a transaction may take, in place of the one that its producer names.
    transaction_timeout: Option<(Duration, Duration)>,
    /// Nothing passes in either direction.
    cut: bool,
    /// Each frame takes that long.
    slow: Duration,
    /// Connections so far, and the first of them that is not dead: what dead ones are given is lost, and nobody is told.
    connections: usize,
    alive_from: usize,
    /// The next frame of that side is cut off in its middle, and its connection is reset.
    reset: Option<Side>,
    /// These bytes of produced records become others, as many.
    rewritten: Option<(Vec<u8>, Vec<u8>)>,
}

/// Who sends a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The client, a produce request.
    Produce,
    /// The broker, any answer.
    Answer,
}

impl Shared {
    fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, holds: impl Fn(&Network) -> bool) {
        let mut network = self.network();
        while holds(&network) {
            network = self.changed.wait_timeout(network, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Proxy {
    pub(crate) fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let (to, with) = (upstream.to_owned(), shared.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(broker) = TcpStream::connect(&to) else { continue };
                let upstream_port: u16 = to.rsplit(':').next().unwrap().parse().unwrap();
                connect(client, broker, upstream_port, port, &with);
            }
        });
        Self { port, upstream: upstream.to_owned(), shared }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on nothing passes (`true`), or everything again.
    pub(crate) fn cut(&self, cut: bool) {
        self.shared.network().cut = cut;
    }

    /// From now on each frame takes so long to pass.
    pub(crate) fn slow(&self, frame: Duration) {
        self.shared.network().slow = frame;
    }

    /// The connections that there are lose both ends: they stay open, and nothing of them arrives any more.
    pub(crate) fn kill_silently(&self) {
        let mut network = self.shared.network();
        network.alive_from = network.connections;
    }

    /// The next produce request or the next answer is cut off in its middle, and its connection is reset.
    pub(crate) fn reset_next(&self, side: Option<Side>) {
        self.shared.network().reset = side;
    }

    /// True while that has not happened yet.
    pub(crate) fn is_to_reset(&self) -> bool {
        self.shared.network().reset.is_some()
    }

    /// Rewrites bytes of the records that are produced, as a client would write that knows no bounds.
    pub(crate) fn rewrite(&self, from: &[u8], to: &[u8]) {
        assert_eq!(from.len(), to.len());
        self.shared.network().rewritten = Some((from.to_vec(), to.to_vec()));
    }

    /// The next EndTxn is held up: its client loses the connection, and the broker does not hear of it yet.
    pub(crate) fn hold_next_end_txn(&self) {
        self.shared.network().hold_end_txn = true;
    }

    pub(crate) fn holds_end_txn(&self) -> bool {
        self.shared.network().held.is_some()
    }

    /// Lets the EndTxn that was held up arrive; its answer reaches nobody.
    pub(crate) fn release_end_txn(&self) {
        let (frame, mut broker) = self.shared.network().held.take().unwrap();
        write_frame(&mut broker, &frame).unwrap();
    }

    /// The EndTxn that was held up never arrives.
    pub(crate) fn drop_end_txn(&self) {
        self.shared.network().held = None;
    }

    /// Holds up none any more: the one that is held up arrives, or it never does.
    pub(crate) fn hold_no_end_txn(&self, arrives: bool) {
        let held = {
            let mut network = self.shared.network();
            network.hold_end_txn = false;
            network.held.take()
        };
        if let Some((frame, mut broker)) = held.filter(|_| arrives) {
            // The broker may have ended since.
            let _gone = write_frame(&mut broker, &frame);
        }
    }

    /// Lets the last EndTxn arrive once more, as one does that was repeated on the way.
    pub(crate) fn repeat_end_txn(&self) -> Vec<u8> {
        let frame = self.shared.network().last_end_txn.clone().unwrap();
        let mut broker = TcpStream::connect(&self.upstream).unwrap();
        write_frame(&mut broker, &frame).unwrap();
        read_frame(&mut broker).unwrap()
    }

    /// Produce requests that hold this text, such as a topic's name, wait until `None` is said.
    pub(crate) fn stall(&self, topic: Option<&str>) {
        self.stall_after(0, topic);
    }

    /// The same, but so many of them pass first.
    pub(crate) fn stall_after(&self, passing: usize, topic: Option<&str>) {
        let mut network = self.shared.network();
        network.stalled_topic = topic.map(str::to_owned);
        network.passing = passing;
        network.stalled = 0;
        self.shared.changed.notify_all();
    }

    pub(crate) fn stalled(&self) -> usize {
        self.shared.network().stalled
    }

    /// Requests of this kind wait until it is said anew, or `None`.
    pub(crate) fn halt(&self, api: Option<i16>) {
        let mut network = self.shared.network();
        network.halted = api;
        network.halts = 0;
        network.turn += 1;
        self.shared.changed.notify_all();
    }

    /// How many wait.
    pub(crate) fn halts(&self) -> usize {
        self.shared.network().halts
    }

    /// From now on transactions end in this other topic, of a name as long, where they should end in that one: what they
    /// wrote there stays open.
    pub(crate) fn leave_open(&self, topic: &str, other: &str) {
        assert_eq!(topic.len(), other.len());
        self.shared.network().renamed = Some((topic.into(), other.into()));
    }

    /// Producers that ask for transactions of `from` get those of `to`.
    pub(crate) fn shorten_transactions(&self, from: Duration, to: Duration) {
        self.shared.network().transaction_timeout = Some((from, to));
    }
}

/// One connection of a client, and the one to the broker that stands for it.
#[derive(Clone)]
struct Connection {
    number: usize,
    shared: Arc<Shared>,
    is_reset: Arc<AtomicBool>,
}

impl Connection {
    fn is_dead(&self) -> bool {
        self.number < self.shared.network().alive_from
    }

    /// Lets a frame wait where the network is cut or slow.
    fn delay(&self) {
        self.shared.wait_while(|network| network.cut);
        let slow = self.shared.network().slow;
        if !slow.is_zero() {
            std::thread::sleep(slow);
        }
    }

    /// True where this frame is the one that is cut off: half of it is written, and both sides are reset.
    fn resets(&self, side: Side, frame: &[u8], to: &mut TcpStream, other: &TcpStream) -> bool {
        if self.shared.network().reset.take_if(|wanted| *wanted == side).is_none() {
            return false;
        }
        let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
        let _gone = to.write_all(&[&length[..], &frame[..frame.len() / 2]].concat());
        self.is_reset.store(true, Ordering::Relaxed);
        for stream in [&*to, other] {
            // Closed in this way it says that the connection is reset; whoever reads from it ends.
            let _gone = set_socket_linger(stream, Some(Duration::ZERO));
            let _gone = stream.shutdown(Shutdown::Read);
        }
        true
    }

    fn end(&self, stream: &TcpStream) {
        if !self.is_reset.load(Ordering::Relaxed) {
            let _ended = stream.shutdown(Shutdown::Both);
        }
    }
}

fn connect(client: TcpStream, broker: TcpStream, upstream_port: u16, port: u16, shared: &Arc<Shared>) {
    let number = {
        let mut network = shared.network();
        network.connections += 1;
        network.connections - 1
    };
    let here = Connection { number, shared: shared.clone(), is_reset: Arc::default() };
    let (mut from_client, mut to_client) = (client.try_clone().unwrap(), client);
    let (mut from_broker, to_broker) = (broker.try_clone().unwrap(), broker);
    let there = here.clone();
    std::thread::spawn(move || {
        let waiting = Arc::new(Mutex::new((to_broker.try_clone().unwrap(), Vec::new())));
        while let Some(mut frame) = read_frame(&mut from_client) {
            there.delay();
            if there.is_dead() {
                continue;
            }
            if let Some((from, to)) = there.shared.network().rewritten.clone().filter(|_| api(&frame) == PRODUCE) {
                rewrite(&mut frame, &from, &to);
            }
            shorten(&mut frame, &there.shared);
            if let Some((own, other)) =
                there.shared.network().renamed.as_ref().filter(|_| api(&frame) == ADD_PARTITIONS_TO_TXN)
            {
                replace(&mut frame, own, other);
            }
            halts(&frame, &there.shared);
            if !ends(&frame, &from_client, &to_broker, &there.shared) {
                return;
            }
            if waits(&frame, &waiting, &there.shared) {
                continue;
            }
            let mut upstream = waiting.lock().unwrap();
            if api(&frame) == PRODUCE && there.resets(Side::Produce, &frame, &mut upstream.0, &from_client) {
                break;
            }
            if write_frame(&mut upstream.0, &frame).is_none() {
                return;
            }
        }
        there.end(&to_broker);
    });
    std::thread::spawn(move || {
        while let Some(mut frame) = read_frame(&mut from_broker) {
            here.delay();
            if here.is_dead() {
                continue;
            }
            advertise(&mut frame, upstream_port, port);
            if let Some((own, other)) = &here.shared.network().renamed {
                replace(&mut frame, other, own);
            }
            if here.resets(Side::Answer, &frame, &mut to_client, &from_broker)
                || write_frame(&mut to_client, &frame).is_none()
            {
                break;
            }
        }
        // Whoever has a dead connection is not told that its other end is gone.
        if !here.is_dead() {
            here.end(&to_client);
        }
    });
}

/// Names a shorter time where a producer asks for its id: four bytes that stand once in such a request.
fn shorten(frame: &mut [u8], shared: &Shared) {
    let Some((from, to)) = shared.network().transaction_timeout.filter(|_| api(frame) == INIT_PRODUCER_ID) else {
        return;
    };
    let bytes = |time: Duration| u32::try_from(time.as_millis()).unwrap().to_be_bytes();
    // A producer without transactions asks too, and names no time.
    if let Some(place) = frame.windows(4).position(|window| window == bytes(from)) {
        frame[place..place + 4].copy_from_slice(&bytes(to));
    }
}

/// Waits where requests of this kind have to.
fn halts(frame: &[u8], shared: &Shared) {
    let mut network = shared.network();
    if network.halted == Some(api(frame)) {
        let turn = network.turn;
        network.halts += 1;
        drop(network);
        shared.wait_while(|network| network.turn == turn);
    }
}

/// `false` where an EndTxn is held up, and its connection with it.
fn ends(frame: &[u8], client: &TcpStream, broker: &TcpStream, shared: &Shared) -> bool {
    if api(frame) != END_TXN {
        return true;
    }
    let mut network = shared.network();
    if std::mem::take(&mut network.hold_end_txn) {
        network.held = Some((frame.to_vec(), broker.try_clone().unwrap()));
        drop(network);
        let _ended = client.shutdown(Shutdown::Both);
        return false;
    }
    network.last_end_txn = Some(frame.to_vec());
    true
}

/// The connection to the broker, and the requests that wait for their turn on it.
type Upstream = Arc<Mutex<(TcpStream, Vec<Vec<u8>>)>>;

/// True where a produce request waits; others of its connection go on, and it follows as soon as it may, in order.
fn waits(frame: &[u8], waiting: &Upstream, shared: &Arc<Shared>) -> bool {
    let mut network = shared.network();
    let Some(topic) = network.stalled_topic.clone().filter(|_| api(frame) == PRODUCE) else { return false };
    if !holds(frame, topic.as_bytes()) {
        return false;
    }
    if network.passing > 0 {
        network.passing -= 1;
        return false;
    }
    network.stalled += 1;
    drop(network);
    waiting.lock().unwrap().1.push(frame.to_vec());
    let (waiting, shared) = (waiting.clone(), shared.clone());
    std::thread::spawn(move || {
        shared.wait_while(|network| network.cut || network.stalled_topic.is_some());
        let mut upstream = waiting.lock().unwrap();
        for frame in std::mem::take(&mut upstream.1) {
            let _gone = write_frame(&mut upstream.0, &frame);
        }
    });
    true
}

/// Rewrites bytes within the record batch of a produce request, whose checksum holds again afterwards (Kafka's record
/// batch, version 2).
fn rewrite(frame: &mut [u8], from: &[u8], to: &[u8]) {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    for start in 0..frame.len().saturating_sub(21) {
        let end = start + 12 + usize::try_from(number(&frame[start + 8..start + 12])).unwrap();
        let whole = frame[start + 16] == 2 && (start + 21..=frame.len()).contains(&end);
        if whole && number(&frame[start + 17..start + 21]) == crc32c(&frame[start + 21..end]) {
            let batch = &mut frame[start + 21..end];
            let found: Vec<usize> = (0..batch.len() - from.len()).filter(|at| batch[*at..].starts_with(from)).collect();
            found.iter().for_each(|at| batch[*at..at + to.len()].copy_from_slice(to));
            let sum = crc32c(batch).to_be_bytes();
            frame[start + 17..start + 21].copy_from_slice(&sum);
            return;
        }
    }
}

/// CRC-32C (RFC 3720, appendix B.4).
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

fn api(frame: &[u8]) -> i16 {
    i16::from_be_bytes([frame[0], frame[1]])
}

fn holds(frame: &[u8], part: &[u8]) -> bool {
    frame.windows(part.len()).any(|window| window == part)
}

/// The broker names itself in its answers; clients must come back through the proxy. The length stays the same.
fn advertise(frame: &mut [u8], upstream_port: u16, port: u16) {
    let named = |port: u16| -> Vec<u8> { [&b"127.0.0.1"[..], &u32::from(port).to_be_bytes()].concat() };
    replace(frame, &named(upstream_port), &named(port));
}

/// Puts bytes in place of others, as many, wherever those stand.
fn replace(frame: &mut [u8], from: &[u8], to: &[u8]) {
    let mut at = 0;
    while let Some(place) = frame[at..].windows(from.len()).position(|window| window == from) {
        frame[at + place..at + place + to.len()].copy_from_slice(to);
        at += place + to.len();
    }
}

fn read_frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut frame).ok()?;
    Some(frame)
}

fn write_frame(stream: &mut TcpStream, frame: &[u8]) -> Option<()> {
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], frame].concat()).ok()
}
