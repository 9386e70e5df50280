//! The tutorial as a newcomer goes through it: its commands run in its order, and print what it says that they print.

#[expect(dead_code, reason = "each test binary uses a part of what they share")]
mod support;

use std::path::Path;
use std::process::Command;

use support::broker::Broker;
use support::reader::read_committed;

const TUTORIAL: &str = include_str!("../docs/tutorial-platform.md");

/// The fenced blocks of one language, in their order.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    TUTORIAL.split(&*fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

#[test]
fn its_commands_lead_from_a_file_to_an_alert() {
    let broker = Broker::for_test();
    let folder = tempfile::tempdir().unwrap();
    let script = format!("set -euo pipefail\n{}\n", blocks("sh").join("\n"))
        .replace("\"tutorial\"", &format!("\"{}\"", broker.federation));
    let program = Path::new(env!("CARGO_BIN_EXE_comity")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("KAFKA", broker.address())
        // Its author sits at a terminal: `comity test --update` writes there what CI may only compare.
        .env_remove("CI")
        .env_remove("COMITY_CONFIG")
        .output()
        .unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    for line in blocks("text").iter().flat_map(|block| block.lines()) {
        assert!(said.lines().any(|known| known == line), "{line:?} is not in\n{said}");
    }
    assert!(!blocks("text").is_empty(), "{said}");
    for written in ["4-may-be-a-person.event.json", "5-nothing-is-left.rejection.json"] {
        assert!(said.contains(&format!("{written} written")), "{written} is not in\n{said}");
    }
    let told = |member: &str| read_committed(&broker, &format!("comity.alerts.{member}")).len();
    assert_eq!((told("CA-AB"), told("CA-SK"), told("CA-BC")), (3, 3, 0));
    assert_eq!(read_committed(&broker, "comity.rejects").len(), 1, "the notice under review");
}
