//! Shows readers what a restore reads on a thread beside the ledger's own, which reads on meanwhile: a million
//! organisations take as long to be shown as to be decoded.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{JoinHandle, spawn};

use super::view::View;
use super::{Stop, StopKind};
use crate::model::state::Checkpoint;
use crate::run::ledger::Shown;

/// Fewer changes than these are shown at once: no thread is worth its start.
const ASIDE_CHANGES_MIN: usize = 1_000;

/// Portions that may wait to be shown.
const WAITING_MAX: usize = 2;

/// One thread at most shows, so portions are shown in their order.
#[derive(Debug, Default)]
pub(super) struct Showing(Option<(SyncSender<Portion>, JoinHandle<()>)>);

/// Changes, and the `Checkpoint` that covers them.
type Portion = (Vec<Shown>, Option<Box<Checkpoint>>);

impl Showing {
    /// Has a portion shown behind those before it, at once where it is small and nothing waits.
    pub(super) fn show(
        &mut self,
        view: &Arc<View>,
        shown: Vec<Shown>,
        last: Option<Box<Checkpoint>>,
    ) -> Result<(), Stop> {
        if self.0.is_none() && shown.len() < ASIDE_CHANGES_MIN {
            view.publish(shown, last.as_deref());
            return Ok(());
        }
        let (to_show, _) = self.0.get_or_insert_with(|| {
            let (sender, portions) = sync_channel::<Portion>(WAITING_MAX);
            let view = Arc::clone(view);
            (sender, spawn(move || portions.iter().for_each(|(shown, last)| view.publish(shown, last.as_deref()))))
        });
        match to_show.send((shown, last)) {
            Ok(()) => Ok(()),
            Err(_) => self.wait(),
        }
    }

    /// Waits until everything is shown.
    pub(super) fn wait(&mut self) -> Result<(), Stop> {
        let Some((to_show, thread)) = self.0.take() else { return Ok(()) };
        drop(to_show);
        thread.join().map_err(|_| {
            let why = "the state could not be shown to readers";
            Stop::new(StopKind::Data, why, "look for what the log says of a panic")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ASIDE_CHANGES_MIN, Showing};
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

    #[test]
    fn portions_are_shown_in_their_order_whatever_their_size() {
        let (view, mut showing) = (Arc::new(View::default()), Showing::default());
        let gone = |number: usize| Shown::Gone(Key::Organisation(format!("lei:{number}")));
        for _ in 0..20 {
            let many = (0..10 * ASIDE_CHANGES_MIN).map(organisation).collect();
            showing.show(&view, many, None).unwrap();
            // A small one, which is shown at once, must not come before.
            showing.show(&view, (0..3).map(gone).collect(), None).unwrap();
            showing.wait().unwrap();
            view.complete();
            let look = view.look().unwrap();
            assert!(look.organisation("lei:0").is_none() && look.organisation("lei:3").is_some());
        }
    }
}
