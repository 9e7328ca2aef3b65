//! Tests of the portal in a real browser: Debian's `chromium` with its `chromedriver`, against `make run`.
//!
//! Each scenario has its own workspace and its own browsers, so that scenarios can run at the same time. After a
//! scenario, the browser's console may hold only the messages that the scenario provokes. Screenshots of the pages,
//! and of the page on which a scenario failed, are in `target/screenshots` afterwards.
//!
//! `make test` runs them. Without a browser, all scenarios are ignored with a loud message; if `CI` is set, they fail.

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
mod chrome;
mod console;
mod delivery;
mod environment;
mod failures;
mod fields;
mod key;
mod keyboard;
mod keys;
mod languages;
mod layout;
mod receiver;
mod signing_in;
mod views;
mod visit;
mod webhook_deliveries;
mod webhook_failures;
mod webhook_views;
mod webhooks;
mod without_script;

use std::{env, pin::Pin, process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Completion, Trial};
use tokio::runtime::Runtime;

use crate::{
    environment::{Environment, Tools},
    visit::Visit,
};

/// A scenario; it panics if a check fails.
type Scenario = fn(Arc<Visit>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! scenarios {
    ($($module:ident: $($scenario:ident),+;)+) => {
        [$($((
            concat!(stringify!($module), "::", stringify!($scenario)),
            (|visit| Box::pin($module::$scenario(visit))) as Scenario,
        )),+),+]
    };
}

/// How many scenarios run at once, unless `--test-threads` says otherwise: a browser keeps a processor busy.
pub const AT_ONCE: usize = 2;

fn main() -> ExitCode {
    // The longest first.
    let scenarios = scenarios! {
        views: in_english_light_every_view_is_accessible, in_indonesian_dark_every_view_is_accessible,
            the_api_reference_is_accessible_and_fits,
            the_local_issuers_page_is_accessible;
        webhook_views: in_english_light_every_view_is_accessible, in_indonesian_dark_every_view_is_accessible;
        webhook_deliveries: deliveries_are_listed_with_their_attempts_and_sent_again,
            the_result_of_a_test_is_shown_at_once, all_that_failed_is_sent_again,
            an_endpoint_that_was_switched_off_is_said_and_resumed;
        webhook_failures: the_21st_endpoint_is_refused, what_is_refused_is_said_at_the_endpoint,
            a_typed_url_survives_signing_in_again, a_lost_secret_is_reported, without_its_script_the_page_says_so;
        webhooks: an_endpoint_is_added_tested_paused_and_deleted_with_the_keyboard_alone,
            a_secret_is_shown_once_with_code_that_verifies, an_endpoint_is_paused_and_resumed, a_secret_is_rotated,
            the_focus_moves_to_the_next_endpoint_after_a_deletion, what_cannot_be_an_endpoint_is_refused,
            the_pages_lead_to_each_other, without_a_script_the_page_lists_the_endpoints_and_explains_the_rest;
        keyboard: everything_can_be_done_with_the_keyboard_alone, the_filter_is_a_group_of_radio_buttons;
        layout: a_hundred_keys_are_listed_newest_first, long_names_do_not_break_a_narrow_window,
            a_hostile_name_is_shown_as_text, keys_that_were_not_used_for_90_days_are_marked;
        failures: the_101st_key_is_refused_with_a_request_id, a_key_that_was_already_revoked_leaves_the_list,
            an_unreachable_api_is_reported, a_lost_response_is_reported_as_an_unknown_outcome,
            an_error_is_reported_with_a_link_to_support, a_script_that_fails_to_load_is_reported,
            a_blank_name_is_refused;
        signing_in: a_sign_in_leads_from_the_dashboard_through_the_issuer_and_back,
            a_prepared_person_signs_in_with_one_click,
            a_refused_sign_in_ends_on_a_page_that_says_so,
            a_sign_in_without_a_workspace_ends_on_a_page_that_says_so,
            signing_out_ends_the_session, signing_out_in_another_tab_is_noticed_in_this_one,
            signing_in_to_another_workspace_in_another_tab_is_noticed_in_this_one;
        keys: a_key_is_created_copied_used_and_revoked, closing_the_dialog_asks_about_a_key_that_was_not_copied,
            a_key_is_nowhere_once_its_dialog_is_closed,
            the_focus_moves_to_the_next_key_after_a_revocation, a_key_stays_when_its_revocation_is_cancelled,
            the_list_is_refreshed_when_its_reader_comes_back;
        key: a_key_is_created_with_settings, a_key_is_renamed_and_its_settings_are_changed,
            an_expiry_stays_where_it_was_set, a_rotation_without_an_answer_is_looked_up,
            a_key_is_switched_off_and_on, a_key_is_rotated_and_its_old_key_ended, a_keys_calls_are_drawn_and_counted,
            a_key_that_is_gone_leads_back_to_the_list,
            everything_on_a_keys_page_can_be_done_with_the_keyboard_alone,
            without_a_script_a_keys_page_says_everything, keys_are_searched_and_sorted_from_ten_on;
        languages: the_language_comes_from_the_browser_and_from_the_switch,
            the_language_of_an_error_page_can_be_changed, other_languages_fall_back_to_english;
        without_script: without_a_script_the_page_lists_the_keys_and_explains_the_rest;
        delivery: the_first_paint_needs_at_most_40_kib, the_page_has_strict_security_headers,
            a_page_of_another_origin_cannot_write;
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
    let tools = Tools::find();
    if let (Err(missing), false) = (&tools, arguments.list) {
        eprintln!(
            "\nTHE PORTAL IS NOT TESTED IN A BROWSER: {}\n",
            missing.to_uppercase()
        );
        if env::var_os("CI").is_some() {
            eprintln!("error: CI is set, so this is a failure");
            return ExitCode::FAILURE;
        }
    }
    let environment = tools.map(|tools| Arc::new(Environment::new(tools)));
    let trials = scenarios.map(|(name, scenario)| {
        let (environment, runtime) = (environment.clone(), Arc::clone(&runtime));
        Trial::ignorable_test(name, move || match environment {
            Err(missing) => Ok(Completion::ignored_with(missing)),
            Ok(environment) => runtime
                .block_on(visit::play(&environment, name, scenario))
                .map(|()| Completion::Completed)
                .map_err(Into::into),
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.into());
    if let Ok(environment) = environment
        && let Err(error) = runtime.block_on(environment.end())
    {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
