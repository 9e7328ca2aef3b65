//! The portal in a real browser: Debian's `chromium`, driven by its `chromedriver`, before what `make run` runs.
//!
//! Each scenario has a workspace of its own and browsers of its own, so that they can be played at once. After each,
//! the browser's console must be empty but for what the scenario has named. What the pages looked like lies in
//! `target/screenshots` afterwards; so does the page on which a scenario failed.
//!
//! `make test` runs it. Where there is no browser every scenario is ignored, loudly; where `CI` is set, that fails.

#![expect(unreachable_pub, reason = "a test binary has no outside")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod accessibility;
mod api;
mod browser;
mod console;
mod delivery;
mod failures;
mod keyboard;
mod keys;
mod languages;
mod layout;
mod signing_in;
mod stage;
mod views;
mod visit;
mod without_script;

use std::{env, pin::Pin, process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Completion, Trial};
use tokio::runtime::Runtime;

use crate::{
    stage::{Equipment, Stage},
    visit::Visit,
};

/// What a scenario is: something that is done on a visit, and panics when it is not as it should be.
type Scenario = fn(Arc<Visit>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! scenarios {
    ($($module:ident: $($scenario:ident),+;)+) => {
        [$($((
            concat!(stringify!($module), "::", stringify!($scenario)),
            (|visit| Box::pin($module::$scenario(visit))) as Scenario,
        )),+),+]
    };
}

/// How many are played at once, unless `--test-threads` says otherwise: a browser keeps a processor busy.
pub const AT_ONCE: usize = 2;

fn main() -> ExitCode {
    // The long ones first.
    let scenarios = scenarios! {
        views: in_english_light, in_english_dark, in_indonesian_light, in_indonesian_dark, of_signing_in;
        keyboard: everything_can_be_done_with_the_keyboard_alone, the_filter_is_a_group_of_radio_buttons;
        layout: a_hundred_keys_are_listed_newest_first, long_names_do_not_break_a_narrow_window,
            a_hostile_name_is_a_text, keys_that_nothing_has_used_for_90_days_are_told;
        failures: a_key_too_many_is_refused_with_a_request_id, a_key_that_is_gone_already_leaves_the_list,
            an_api_that_cannot_be_reached_is_told, an_answer_that_does_not_come_is_told_as_what_it_is,
            are_told_with_somebody_to_write_to, a_script_that_does_not_come_is_told,
            a_blank_name_is_refused;
        signing_in: leads_from_the_dashboard_through_the_issuer_and_back, is_one_click_for_a_ready_person,
            that_is_refused_ends_on_a_page_that_says_so, without_a_workspace_ends_on_a_page_that_says_so,
            out_ends_the_session, out_in_another_tab_is_noticed_in_this_one,
            to_another_workspace_in_another_tab_is_noticed_in_this_one;
        keys: are_created_copied_used_and_revoked, that_were_not_copied_are_asked_about,
            are_nowhere_once_the_dialog_is_closed,
            leave_the_focus_beside_them_when_they_are_revoked, stay_when_revoking_is_called_off,
            that_were_used_meanwhile_are_shown_so_to_who_comes_back;
        languages: come_from_the_browser_and_from_the_switch, of_a_problem_can_be_changed, other_than_ours_are_english;
        without_script: the_list_is_there_and_the_page_says_how_to_do_the_rest;
        delivery: the_first_paint_needs_little, the_page_defends_itself,
            a_page_of_another_origin_can_write_nothing;
    };
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let runtime = match Runtime::new() {
        Ok(runtime) => Arc::new(runtime),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let equipment = Equipment::find();
    if let (Err(missing), false) = (&equipment, arguments.list) {
        eprintln!(
            "\nTHE PORTAL IS NOT TESTED IN A BROWSER: {}\n",
            missing.to_uppercase()
        );
        if env::var_os("CI").is_some() {
            eprintln!("error: and CI is set, so that it has to be");
            return ExitCode::FAILURE;
        }
    }
    let stage = equipment.map(|equipment| Arc::new(Stage::new(equipment)));
    let trials = scenarios.map(|(name, scenario)| {
        let (stage, runtime) = (stage.clone(), Arc::clone(&runtime));
        Trial::ignorable_test(name, move || match stage {
            Err(missing) => Ok(Completion::ignored_with(missing)),
            Ok(stage) => runtime
                .block_on(visit::play(&stage, name, scenario))
                .map(|()| Completion::Completed)
                .map_err(Into::into),
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.into());
    if let Ok(stage) = stage
        && let Err(error) = runtime.block_on(stage.end())
    {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
