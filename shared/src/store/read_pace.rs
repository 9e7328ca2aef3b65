//! How much a list reads of an index of which not every entry is shown.

/// A list stops reading after this many read units. It is the price of 1 MB, eventually consistent.
pub(super) const READ_BUDGET: f64 = 128.0;

/// The least index entries that a request of a filtered list reads if there is budget for them, and the most.
pub(super) const FIRST_READ: u32 = 100;
const LONGEST_READ: u32 = 1000;

/// What a list has read, and what for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReadPace {
    /// Index entries, also those that did not match.
    pub(super) seen: u32,
    /// Read units, also of what was read because of an entry.
    pub(super) spent: f64,
}

impl ReadPace {
    pub(super) fn is_over_budget(&self) -> bool {
        self.spent >= READ_BUDGET
    }

    /// How many entries to read next, after a request for `last` of them, if `found` match and `lacking` more would be
    /// enough: about as many as these are in, at the rate so far; not many times what was read before; and not more
    /// than the budget pays for, at the price so far.
    pub(super) fn next(&self, last: u32, found: usize, lacking: usize) -> u32 {
        let most = f64::from(last.saturating_mul(2).min(LONGEST_READ));
        let (found, lacking) = (as_f64(found), as_f64(lacking));
        let seen = f64::from(self.seen);
        // A quarter more, because matches are not spread evenly. Without a match, this is infinite.
        let likely_enough = (1.25 * lacking * seen / found).max(FIRST_READ.into());
        let affordable = (READ_BUDGET - self.spent) * seen / self.spent;
        let entries = most.min(likely_enough).min(affordable).ceil().max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is from 1 to LONGEST_READ"
        )]
        let entries = entries as u32;
        entries
    }
}

fn as_f64(entries: usize) -> f64 {
    u32::try_from(entries).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(seen: u32, spent: f64) -> ReadPace {
        ReadPace { seen, spent }
    }

    #[test]
    fn without_a_match_a_request_reads_twice_as_much_as_the_last_one() {
        assert_eq!(pace(100, 6.0).next(100, 0, 51), 200);
        assert_eq!(pace(700, 42.0).next(400, 0, 51), 800);
        assert_eq!(pace(1500, 60.0).next(800, 0, 51), 1000);
    }

    #[test]
    fn it_reads_what_is_likely_to_be_enough_but_no_few_entries() {
        // One in 33 matches, and six are lacking.
        assert_eq!(pace(1485, 60.0).next(800, 45, 6), 248);
        assert_eq!(pace(300, 18.0).next(200, 50, 1), 100);
    }

    #[test]
    fn it_reads_no_more_than_the_budget_pays_for() {
        // Half a unit for each entry's messages.
        assert_eq!(pace(100, 56.0).next(100, 0, 51), 129);
        assert_eq!(pace(229, 127.9).next(129, 0, 51), 1);
        assert!(pace(229, 128.0).is_over_budget());
    }

    #[test]
    fn it_goes_on_if_the_table_does_not_say_what_a_read_cost() {
        assert_eq!(pace(100, 0.0).next(100, 0, 51), 200);
        assert_eq!(pace(0, 0.0).next(100, 0, 51), 100);
    }
}
