//! An app with what calls the functions without a route.

use std::{ops::Deref, path::Path, time::Duration};

use local::{
    clock::Clock,
    machine::{Builder, Machine},
    proxy::{Fault, Operation},
    secrets,
    sqs::Sqs,
};

use shared::Timestamp;

use super::{App, DYNAMODB, TEMPLATE, binary};

/// An [`App`] and a [`Machine`] on its table. Both have one clock, which [`AppWithWorkers::advance`] moves.
pub struct AppWithWorkers {
    // Dropped first: it reads the app's table.
    pub machine: Machine,
    app: App,
}

impl Deref for AppWithWorkers {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl AppWithWorkers {
    pub async fn start() -> Self {
        Self::with(|_| Fault::None, |builder| builder).await
    }

    /// With these faults of the calls that workers make, and with these settings of the machine.
    pub async fn with(
        faults: impl Fn(&Operation) -> Fault + Send + Sync + 'static,
        settings: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        // The app removes its folder, with the clock in it.
        let clock = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let clock = clock.join(format!(
            "clock-{}-{}",
            std::process::id(),
            fastrand::u64(..)
        ));
        let clock = Clock::movable(&clock).unwrap();
        let sqs = Sqs::start(&TEMPLATE, clock, 0).await.unwrap();
        let mut app = App::builder();
        for (name, value) in sqs.environment() {
            app = app.setting(&name, value);
        }
        let app = app.start().await;
        let mut environment = app.environment.clone();
        // Not through the app's own proxies, which count what its endpoints do.
        let secrets = format!("{}{}", app.issuer.name(), secrets::PATH);
        let direct = [
            ("AWS_ENDPOINT_URL_DYNAMODB", DYNAMODB.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets),
        ];
        for (name, url) in direct {
            environment.retain(|(other, _)| other != name);
            environment.push((name.to_owned(), url.to_owned()));
        }
        environment.retain(|(name, _)| name != "AWS_ENDPOINT_URL_SQS");
        let builder = Builder::new(&binary(""), environment)
            .most_processes(4)
            .proxied(Duration::ZERO, faults);
        app.set_watermark(Timestamp::now().as_millis());
        let machine = settings(builder).start(&TEMPLATE, &DYNAMODB, &app.table, &sqs);
        Self {
            machine: machine.await.unwrap(),
            app,
        }
    }

    /// Moves the clock of the queues, the workers, and the first instances of the endpoints.
    pub fn advance(&self, millis: i64) {
        self.machine.advance(millis).unwrap();
        let offset = self.machine.sqs().clock().offset();
        self.app.step_clock(0, offset);
    }

    /// Does all that is due, without a tick.
    pub async fn until_idle(&self) {
        self.machine.until_idle().await.unwrap();
    }

    /// Calls the sweeper, and does all that is due.
    pub async fn tick(&self) {
        self.machine.tick().await.unwrap();
        self.until_idle().await;
    }
}

impl Drop for AppWithWorkers {
    fn drop(&mut self) {
        if let Some(file) = self.machine.sqs().clock().file() {
            // One that is not removed stays below target/.
            let _ = std::fs::remove_file(file);
        }
    }
}
