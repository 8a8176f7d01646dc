//! Commands on a bad disk, instead of kills.

use std::time::Duration;

use harness::{Output, RequestFault};

use super::{SLOW, Stage, named};
use crate::torture::disks::{Disk, Tried};

impl Stage {
    /// Runs a command whose disk fails, from a moment that the seed decides, while the service may answer late or lose
    /// its answer after the effect: how it ended.
    pub(super) fn on_a_bad_disk(&mut self, disk: &Disk, name: &str, args: &[&str]) -> Output {
        match self.rng.below(20) {
            0..12 => _ = self.service.fail("*", "/v1/*", RequestFault::Slow(SLOW), 1),
            12..14 => _ = self.service.fail("POST", "/v1/*", RequestFault::Lost, 1),
            _ => {}
        }
        let command = named(name, args);
        let takes = self.takes.get(&command).copied().unwrap_or(Duration::from_millis(8));
        let tried = Tried {
            sandbox: &self.sandbox,
            service: &self.service,
            name: &command,
            program: &self.program(name),
            args,
            stdin: "",
            takes,
        };
        self.tally.commands += 1;
        let (end, faults) = disk.try_out(tried, &mut self.rng);
        for fault in faults {
            self.tally.fault(fault);
        }
        self.service.heal();
        self.look();
        let takes = self.takes.entry(command).or_insert(end.took());
        *takes = end.took().min(*takes);
        end
    }
}
