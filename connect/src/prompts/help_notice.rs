//! Tells the agent's main session who texted HELP.

use state::phone::Phone;

use super::phone_display::display;

/// The message about `n` numbers, of which the first are named.
pub(crate) fn help_notice(first: &[Phone], n: usize) -> String {
    let mut numbers: Vec<String> = first.iter().map(display).collect();
    if n > first.len() {
        numbers.push(format!("{} more", n - first.len()));
    }
    let last = numbers.pop().unwrap_or_default();
    let numbers =
        if numbers.is_empty() { last } else { format!("{} and {last}", numbers.join(", ")) };
    format!(
        "[ClawdTalk] {numbers} asked by text who this is (HELP or INFO). A line that says so is sent back without you. \
         This is a report, not a request."
    )
}

#[cfg(test)]
mod tests {
    use super::help_notice;
    use state::phone::Phone;

    #[test]
    fn many_are_named_in_one_line() {
        let phones: Vec<Phone> =
            (0..5).map(|n| format!("+1555111222{n}").parse().unwrap()).collect();
        let begins = |n_named: usize, n, wanted: &str| {
            let notice = help_notice(&phones[..n_named], n);
            assert!(notice.starts_with(&format!("[ClawdTalk] {wanted} asked by text")), "{notice}");
        };
        begins(1, 1, "+1 (555) 111-2220");
        begins(2, 2, "+1 (555) 111-2220 and +1 (555) 111-2221");
        begins(
            5,
            300,
            "+1 (555) 111-2220, +1 (555) 111-2221, +1 (555) 111-2222, +1 (555) 111-2223, \
             +1 (555) 111-2224 and 295 more",
        );
    }
}
