//! What time takes away, while what is kept of it is being published.

use comity::model::decision::Output;
use comity::model::entry::Body;
use comity::model::event::InfractionEvent;
use comity::model::place::DAY_MS;

use crate::instance::Instance;
use crate::kafka::{Fate, Kafka};
use crate::world::{START, original};

#[test]
fn whom_forgotten_cases_told_is_archived_once_wherever_its_transaction_is_torn() {
    for share in (0..=1_000).step_by(125) {
        let mut kafka = Kafka::new();
        for id in ["a", "b", "c"] {
            kafka.event(&InfractionEvent { expires_at: Some(START + 1), ..original(id) });
        }
        let mut owner = Instance::owner(&mut kafka);
        // Day by day, since a larger step puts forgetting off, to the last before the cases are forgotten.
        for _ in 0..730 {
            kafka.now += DAY_MS;
            kafka.append(Body::Tick);
        }
        owner.settle(&mut kafka);
        assert!(kafka.outputs.get(&Output::Archive).is_none_or(Vec::is_empty), "nothing is forgotten yet");
        kafka.now += DAY_MS;
        kafka.append(Body::Tick);
        kafka.fates.push_back(Fate::Torn(share));
        owner.settle(&mut kafka);
        assert_eq!(kafka.outputs[&Output::Archive].len(), 3);
        kafka.assert_right();
        assert_eq!(owner.dump(), kafka.reference().1.dump());
    }
}
