//! The ledger's member of its group, which says who owns the log and never reads a record.

use std::thread::sleep;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::{POLL_OPEN, SESSION_DOUBT, Shell};
use crate::kafka::client::{self, Event};
use crate::kafka::{Stop, classify, names};
use crate::run::ledger::Input;
use crate::telemetry::clock;

impl Shell<'_> {
    pub(super) fn join(&mut self) -> Result<Vec<Input>, Stop> {
        if !self.joined {
            self.group.subscribe(&[names::LOG]).map_err(|error| client::stop("joining the ledger's group", &error))?;
            self.joined = true;
            return Ok(Vec::new());
        }
        // The group does not repeat what it gave before.
        let held = self.group.assignment().map_err(|error| client::stop("the ledger's group", &error))?;
        Ok(if held.count() > 0 { vec![Input::Assigned] } else { Vec::new() })
    }

    pub(super) fn leave(&mut self) -> Vec<Input> {
        self.group.unsubscribe();
        self.joined = false;
        self.sink = None;
        Vec::new()
    }

    /// Answers a revocation. Without one nothing may be given back: the client would go on to count it as held.
    pub(super) fn release(&mut self) -> Result<Vec<Input>, Stop> {
        self.sink = None;
        if std::mem::take(&mut self.owes_answer) {
            let held = self.group.assignment().map_err(|error| client::stop("the ledger's group", &error))?;
            self.group.incremental_unassign(&held).map_err(|error| client::stop("the ledger's group", &error))?;
        }
        Ok(Vec::new())
    }

    /// After a silence in which the session may have run out: gives the client's own timers the time to say so.
    pub(super) fn was_replaced(&mut self) -> Result<bool, Stop> {
        let asked = clock::instant();
        while asked.elapsed() < SESSION_DOUBT {
            if self.poll_group()?.iter().any(|input| matches!(input, Input::Revoked { .. })) {
                // The loop leaves the group without hearing of this, and the client waits for the answer.
                self.release()?;
                return Ok(true);
            }
            if self.group.assignment_lost() {
                return Ok(true);
            }
            sleep(POLL_OPEN);
        }
        Ok(false)
    }

    /// Who owns the log. The member never reads a record: what it is given stays paused.
    pub(super) fn poll_group(&mut self) -> Result<Vec<Input>, Stop> {
        match self.group.poll(Duration::ZERO) {
            None => {}
            Some(Ok(_)) => tracing::warn!("the ledger's group member was given a record"),
            Some(Err(error)) => classify::reading("the ledger's group", &error)?,
        }
        let mut inputs = Vec::new();
        for event in self.group.context().take_events() {
            match event {
                Event::Assigned(partitions) => {
                    let mut list = TopicPartitionList::new();
                    for (topic, partition) in &partitions {
                        // Where it stands does not matter: it is paused before it fetches.
                        let _known = list.add_partition_offset(topic, *partition, Offset::End);
                    }
                    let taken = self.group.incremental_assign(&list).and_then(|()| self.group.pause(&list));
                    if let Err(error) = taken {
                        tracing::warn!("taking the log over: {error}");
                    }
                    if !partitions.is_empty() {
                        inputs.push(Input::Assigned);
                    }
                }
                Event::Revoked { partitions, lost } if !partitions.is_empty() => {
                    self.owes_answer = true;
                    inputs.push(Input::Revoked { lost });
                }
                Event::Revoked { .. }
                | Event::Delivered { .. }
                | Event::NotDelivered { .. }
                | Event::Committed(_)
                | Event::Error { .. }
                | Event::Ends(_)
                | Event::TransactionCoordinatorLost => {}
            }
        }
        Ok(inputs)
    }
}
