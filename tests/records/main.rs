//! The records of every topic, held against readers and expectations that the program did not make.

mod entropy;
mod model;
mod expected;
mod second_opinion;

mod round_trips;
mod alerts;
mod hostile;
mod samples;
