//! Who may see and do what, and the trail of it.

mod audit;
mod effects;
mod hand_over;
mod inherited;
mod leak_sweep;
mod model;
mod reach_indexes;
mod roles;
mod rules;
mod secrets;
mod sharing;
