//! Shows readers a restored state on a thread beside the ledger's own, which goes on meanwhile: recipients wait for
//! alerts, and a million organisations take as long to be shown as to be decoded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{JoinHandle, spawn};

use super::view::View;
use super::{Stop, StopKind};
use crate::model::state::Checkpoint;
use crate::run::ledger::Shown;

/// Fewer changes than these are shown at once: no thread is worth its start.
const ASIDE_CHANGES_MIN: usize = 1_000;

/// Portions that may wait to be shown: what is committed while a restored state is shown waits behind it. An owner commits
/// a hundred times a second at most, and millions of organisations take seconds to be shown.
const WAITING_MAX: usize = 4_096;

/// Changes, and the `Checkpoint` that covers them.
#[derive(Debug, Default)]
pub(super) struct Portion {
    pub(super) shown: Vec<Shown>,
    pub(super) last: Option<Box<Checkpoint>>,
    /// True where the view is answered from once they are shown.
    pub(super) complete: bool,
}

impl Portion {
    fn show(self, view: &View) {
        view.publish(self.shown, self.last.as_deref());
        if self.complete {
            view.complete();
        }
    }
}

/// One thread at most shows, so portions are shown in their order.
#[derive(Debug, Default)]
pub(super) struct Showing(Option<Aside>);

/// The thread, while anything waits for it.
#[derive(Debug)]
struct Aside {
    to_show: SyncSender<Portion>,
    waiting: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Aside {
    fn start(view: &Arc<View>) -> Self {
        let (to_show, portions) = sync_channel::<Portion>(WAITING_MAX);
        let (view, waiting) = (Arc::clone(view), Arc::new(AtomicUsize::new(0)));
        let left = Arc::clone(&waiting);
        let thread = spawn(move || {
            for portion in portions {
                portion.show(&view);
                left.fetch_sub(1, Ordering::Release);
            }
        });
        Self { to_show, waiting, thread }
    }
}

impl Showing {
    /// Has a part of a restored state shown behind those before it; beside the caller where it is large.
    pub(super) fn show(&mut self, view: &Arc<View>, portion: Portion) -> Result<(), Stop> {
        self.rest()?;
        if portion.shown.len() >= ASIDE_CHANGES_MIN {
            self.0.get_or_insert_with(|| Aside::start(view));
        }
        self.hand_over(view, portion)
    }

    /// Has what was committed shown: before this returns, unless something still waits.
    pub(super) fn publish(&mut self, view: &View, portion: Portion) -> Result<(), Stop> {
        self.rest()?;
        self.hand_over(view, portion)
    }

    /// Ends the thread once nothing waits for it.
    fn rest(&mut self) -> Result<(), Stop> {
        let is_done = self.0.as_ref().is_some_and(|aside| aside.waiting.load(Ordering::Acquire) == 0);
        if is_done { self.wait() } else { Ok(()) }
    }

    fn hand_over(&mut self, view: &View, portion: Portion) -> Result<(), Stop> {
        let Some(aside) = &self.0 else {
            portion.show(view);
            return Ok(());
        };
        aside.waiting.fetch_add(1, Ordering::Relaxed);
        match aside.to_show.send(portion) {
            Ok(()) => Ok(()),
            Err(_) => self.wait(),
        }
    }

    /// Waits until everything is shown.
    pub(super) fn wait(&mut self) -> Result<(), Stop> {
        let Some(Aside { to_show, thread, .. }) = self.0.take() else { return Ok(()) };
        drop(to_show);
        thread.join().map_err(|_| {
            let why = "the state could not be shown to readers";
            Stop::new(StopKind::Data, why, "look for what the log says of a panic")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ASIDE_CHANGES_MIN, Portion, Showing};
    use crate::kafka::view::View;
    use crate::model::identifiers::Identifiers;
    use crate::model::place::Jurisdiction;
    use crate::model::state::{Key, Organisation, Value};
    use crate::run::ledger::Shown;
    use std::sync::Arc;

    fn organisation(number: usize) -> Shown {
        let id = format!("lei:{number}");
        Shown::Value(Value::Organisation(Arc::new(Organisation {
            identifiers: Identifiers::new(&id),
            registered_in: Jurisdiction::parse("CA-ON"),
            open_cases: Box::default(),
            cases: 0,
            name: 0,
            form: 0,
            is_public: true,
        })))
    }

    fn portion(shown: Vec<Shown>) -> Portion {
        Portion { shown, complete: true, ..Portion::default() }
    }

    #[test]
    fn portions_are_shown_in_their_order_whatever_their_size() {
        let (view, mut showing) = (Arc::new(View::default()), Showing::default());
        let gone = |number: usize| Shown::Gone(Box::new(Key::Organisation(format!("lei:{number}"))));
        for _ in 0..20 {
            let many = (0..10 * ASIDE_CHANGES_MIN).map(organisation).collect();
            showing.show(&view, portion(many)).unwrap();
            // A small one, which is shown at once, must not come before; neither must what was committed since.
            showing.show(&view, portion((0..3).map(gone).collect())).unwrap();
            showing.publish(&view, portion(vec![gone(3)])).unwrap();
            showing.wait().unwrap();
            let look = view.look().unwrap();
            assert!(look.organisation("lei:0").is_none() && look.organisation("lei:3").is_none());
            assert!(look.organisation("lei:4").is_some());
        }
    }

    #[test]
    fn whoever_commits_does_not_wait_for_a_restored_state_to_be_shown() {
        let (view, mut showing) = (Arc::new(View::default()), Showing::default());
        {
            // Nothing can be shown while a reader looks.
            view.complete();
            let _look = view.look().unwrap();
            showing.show(&view, portion((0..ASIDE_CHANGES_MIN).map(organisation).collect())).unwrap();
            showing.publish(&view, portion(vec![organisation(ASIDE_CHANGES_MIN)])).unwrap();
        }
        showing.wait().unwrap();
        assert!(view.look().unwrap().organisation(&format!("lei:{ASIDE_CHANGES_MIN}")).is_some());
    }

    #[test]
    fn what_is_committed_is_shown_at_once_when_nothing_waits() {
        let (view, mut showing) = (Arc::new(View::default()), Showing::default());
        showing.show(&view, portion((0..ASIDE_CHANGES_MIN).map(organisation).collect())).unwrap();
        while showing.0.is_some() {
            showing.rest().unwrap();
        }
        showing.publish(&view, portion((0..2 * ASIDE_CHANGES_MIN).map(organisation).collect())).unwrap();
        assert!(showing.0.is_none() && view.look().unwrap().counts() == (0, 2 * ASIDE_CHANGES_MIN));
    }
}
