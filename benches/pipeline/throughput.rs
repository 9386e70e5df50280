//! CPU of each stage for an event, and events a second from the platform's topic to the last alert.

use std::time::{Duration, Instant};

use crate::line::{Kind, Line};
use crate::support::broker::Broker;

/// Records before the first one that is measured.
const WARM_UP: usize = 5_000;
/// How long the processes are watched while nothing is to do.
const IDLE: Duration = Duration::from_secs(2);

/// What one line took.
struct Taken {
    /// For each stage: its name, CPU without what it takes when idle, and of that the stage's own thread.
    stages: Vec<(&'static str, Duration, Duration)>,
    idle: Duration,
    wall: Duration,
}

impl Taken {
    fn cpu(&self) -> Duration {
        self.stages.iter().map(|(_, cpu, _)| *cpu).sum()
    }
}

pub(crate) fn run(recipients: &[usize], events: usize) {
    println!(
        "\nCPU µs an event, {events} native JSON records, JSON in and VRL mapping; bare: the same hops, no decisions"
    );
    println!(
        "{:>10} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10} {:>9} {:>11}",
        "recipients", "", "intake", "own", "ledger", "own", "both", "to bare", "events/s", "idle ms/s"
    );
    for recipients in recipients {
        let broker = Broker::for_test();
        let bare = measure(Kind::Bare, &broker, *recipients, events);
        let comity = measure(Kind::Comity, &broker, *recipients, events);
        for (kind, taken) in [(Kind::Bare, &bare), (Kind::Comity, &comity)] {
            let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / events as f64;
            let ratio = taken.cpu().as_secs_f64() / bare.cpu().as_secs_f64();
            let name = format!("{kind:?}").to_lowercase();
            print!("{recipients:>10} {name:>8}");
            for (_, cpu, own) in &taken.stages {
                let own = if kind == Kind::Comity { format!("{:.1}", each(*own)) } else { String::new() };
                print!(" {:>9.1} {own:>9}", each(*cpu));
            }
            let rate = events as f64 / taken.wall.as_secs_f64();
            let idle = taken.idle.as_secs_f64() * 1e3 / IDLE.as_secs_f64();
            println!(" {:>9.1} {ratio:>9.2}x {rate:>9.0} {idle:>11.1}", each(taken.cpu()));
        }
    }
}

fn measure(kind: Kind, broker: &Broker, recipients: usize, events: usize) -> Taken {
    let mut line = Line::new(kind, broker, recipients);
    line.start(true);
    (0..WARM_UP).for_each(|_| line.send());
    line.finish();

    let resting = look(&line);
    std::thread::sleep(IDLE);
    let rested = look(&line);
    let began = Instant::now();
    (0..events).for_each(|_| line.send());
    line.finish();
    let wall = began.elapsed();
    let worked = look(&line);

    let mut stages = Vec::new();
    let mut idle = Duration::ZERO;
    for (place, process) in line.processes.iter().enumerate() {
        let resting_share = wall.as_secs_f64() / IDLE.as_secs_f64();
        let net = |at: fn(&(Duration, Duration)) -> Duration| {
            let rest = (at(&rested[place]) - at(&resting[place])).mul_f64(resting_share);
            (at(&worked[place]) - at(&rested[place])).saturating_sub(rest)
        };
        idle += rested[place].0 - resting[place].0;
        stages.push((process.name, net(|look| look.0), net(|look| look.1)));
    }
    Taken { stages, idle, wall }
}

/// CPU of each process, and of the thread that is named after its stage.
fn look(line: &Line) -> Vec<(Duration, Duration)> {
    line.processes.iter().map(|process| (process.cpu(), process.cpu_of_threads(process.name))).collect()
}
