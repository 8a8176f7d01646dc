//! What processes cost, as the kernel accounts for it in `/proc`.

use std::fs;
use std::process::id;
use std::time::Duration;

use serde_json::{Value, json};

/// `/proc` counts processor time in these, on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Processor time (user and system) of all children of ours that have ended. The kernel sums nanoseconds and only
/// shows ticks, so that a difference over many runs is exact enough for one of them.
pub(super) fn of_children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    ticks(&stat, &[16, 17])
}

/// Processor time of a running process, as exact as a tick.
pub(super) fn of(pid: u32) -> Duration {
    ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default(), &[14, 15])
}

/// The sum of some fields of a `stat` line, counted from 1 as in proc(5).
fn ticks(stat: &str, fields: &[usize]) -> Duration {
    // The second field is the name in brackets, and may hold blanks.
    let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let values: Vec<&str> = rest.split(' ').collect();
    let ticks =
        fields.iter().filter_map(|field| values.get(field - 3)?.parse::<u32>().ok()).sum::<u32>();
    TICK * ticks
}

/// The sum of the peak resident memory of all processes below this one, in KiB. The `ru_maxrss` of a short-lived
/// process would not do: it starts with what its parent had at the fork.
pub(super) fn peak_of_descendants() -> u64 {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| Some((pid, parent(pid)?)))
        .collect();
    let (mut family, mut sum) = (vec![id()], 0);
    while let Some(member) = family.pop() {
        for (pid, _) in parents.iter().filter(|(_, parent)| *parent == member) {
            family.push(*pid);
            sum += memory(*pid, "VmHWM");
        }
    }
    sum
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// A memory figure of a process in KiB: `VmHWM` is the peak, `VmRSS` what is resident now. 0 once it has ended.
pub(crate) fn memory(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// How many entries a folder of a process in `/proc` has: `task` for its threads, `fd` for its descriptors.
pub(crate) fn entries(pid: u32, folder: &str) -> u64 {
    fs::read_dir(format!("/proc/{pid}/{folder}")).map_or(0, |entries| entries.count() as u64)
}

/// How often the threads of a process have gone to sleep so far of their own accord, and so were woken again.
pub(super) fn switches(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let of_thread = |path: std::path::PathBuf| {
        let status = fs::read_to_string(path.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0)
    };
    threads.map(|thread| of_thread(thread.path())).sum()
}

/// The machine's class, so that figures can be compared: processors, their name, memory in GiB.
pub(super) fn machine() -> Value {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let kib = after(&read("/proc/meminfo"), "MemTotal");
    let kib: u64 = kib.split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
    json!({
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "model": after(&read("/proc/cpuinfo"), "model name"),
        "memory_gib": kib / 1024 / 1024,
        "load": read("/proc/loadavg").split(' ').next().and_then(|load| load.parse::<f64>().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::{Duration, memory, ticks};

    #[test]
    fn fields_are_counted_after_the_name() {
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15";
        assert_eq!(ticks(stat, &[16, 17]), Duration::from_millis(270));
    }

    #[test]
    fn a_running_process_has_memory() {
        // The kernel updates the two at different moments, so they are not compared with each other.
        for name in ["VmRSS", "VmHWM"] {
            assert!(memory(std::process::id(), name) > 100, "{name}");
        }
    }
}
