//! The calls of a key on each day, as bars and as numbers.

use crate::{
    http::language::Language, portal::moment, store::key_usage::DayUsage, time::Timestamp,
};

/// In the units of the drawing: the height of the day with the most calls, and the distance from bar to bar.
const HEIGHT: i64 = 60;
const STEP: i64 = 10;

pub(super) struct UsageChart {
    /// The oldest day first.
    pub(super) bars: Vec<Bar>,
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) together: i64,
    pub(super) most: i64,
}

/// A day.
pub(super) struct Bar {
    pub(super) x: i64,
    pub(super) y: i64,
    /// 0 for a day without calls only.
    pub(super) height: i64,
    /// `11 June 2026`.
    pub(super) day: String,
    pub(super) calls: i64,
}

impl UsageChart {
    pub(super) fn of(days: &[DayUsage], language: Language) -> Self {
        let calls = days.iter().map(|day| day.calls);
        let most = calls.clone().max().unwrap_or_default();
        let bars = days.iter().zip((0..).map(|place| place * STEP));
        let bars = bars.map(|(day, x)| {
            // Rounded up, so that a few calls can be seen beside many.
            let height = (day.calls * HEIGHT + most - 1)
                .checked_div(most)
                .unwrap_or_default();
            Bar {
                x,
                y: HEIGHT - height,
                height,
                day: name_of(&day.date, language),
                calls: day.calls,
            }
        });
        let bars: Vec<_> = bars.collect();
        Self {
            width: i64::try_from(bars.len()).unwrap_or_default() * STEP,
            bars,
            height: HEIGHT,
            together: calls.sum(),
            most,
        }
    }
}

/// `2026-06-11`, as people write it.
fn name_of(date: &str, language: Language) -> String {
    let midnight = Timestamp::parse(&format!("{date}T00:00:00Z"));
    midnight.map_or_else(|| date.to_owned(), |at| moment::day(at, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_day_has_calls() {
        let usage = [("2026-06-09", 0), ("2026-06-10", 1), ("2026-06-11", 2000)];
        let days = usage.map(|(date, calls)| DayUsage {
            date: date.to_owned(),
            calls,
        });
        let chart = UsageChart::of(&days, Language::Indonesian);
        let bars: Vec<_> = chart
            .bars
            .iter()
            .map(|bar| (bar.x, bar.y, bar.height, bar.day.as_str()))
            .collect();
        assert_eq!(
            bars,
            [
                (0, 60, 0, "9 Juni 2026"),
                (10, 59, 1, "10 Juni 2026"),
                (20, 0, 60, "11 Juni 2026")
            ]
        );
        assert_eq!((chart.together, chart.most, chart.width), (2001, 2000, 30));
    }

    #[test]
    fn without_calls_there_is_no_bar() {
        let days = vec![
            DayUsage {
                date: "2026-06-11".to_owned(),
                calls: 0,
            };
            30
        ];
        let chart = UsageChart::of(&days, Language::English);
        assert!(chart.bars.iter().all(|bar| bar.height == 0));
        assert_eq!((chart.together, chart.most, chart.width), (0, 0, 300));
    }
}
