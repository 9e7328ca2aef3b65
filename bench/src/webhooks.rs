//! The fifth table: how webhooks are delivered, from the call that raises an event to the receiver.
//!
//! The functions are those of the profile `loopback`, because a release build calls no receiver on this machine. The
//! receivers, the stream, the queue and the table are in this process. Each phase has its own deployment.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use local::{Error, clock::Clock, lambda::Instance, machine::Machine, pool::function_of, sqs::Sqs};
use serde_json::json;
use tokio::{task::JoinSet, time::interval};

use crate::{
    calls::{call, create_ticket, with},
    deployment::Deployment,
    receiver::{Answers, Arrival, Receiver},
    statistics::{as_f64, millis, percentile},
};

const FAN_OUT: &str = "webhooks-fan-out";
const DELIVER: &str = "webhooks-deliver";

/// Events that are delivered one after another.
const ALONE: usize = 150;

/// One workspace numbers its tickets, which takes so long that it gets at most 50 a second.
const WORKSPACES: [&str; 4] = ["acc_one", "acc_two", "acc_three", "acc_four"];
/// Two cores, which also run the table, the queue and the receivers, raise 30 and not 100.
const PACES: [usize; 2] = [100, 30];
const SECONDS: usize = 15;
/// Of `tickets-create`, for each workspace.
const INSTANCES: usize = 3;

/// As many as a workspace may have.
const SUBSCRIPTIONS: usize = 20;
/// Events to as many subscriptions, which wait when the only instance starts.
const WAITING: usize = 20;

const RETRIES: usize = 20;

/// The aims, in ms, and as a ratio of the 99th percentiles.
const AIMS: &str =
    "aims: p50 at most 300, p99 at most 1000; beside one that hangs, at most 1.2 times the p99";

/// A deployment whose events are delivered.
struct Delivering {
    // Dropped first: it reads the deployment's table.
    machine: Machine,
    deployment: Arc<Deployment>,
}

/// Percentiles in ms.
struct Latency {
    p50: f64,
    p95: f64,
    p99: f64,
    most: f64,
}

pub(crate) async fn print(release: &Path) -> Result<(), Error> {
    let binaries = &release.with_file_name("loopback");
    print_cost(binaries).await?;
    println!();
    println!("| | |\n|---|--:|");
    let rate = rate(binaries).await?;
    println!("| deliveries a second of one instance | {rate:.0} |");
    let mut late = retries(binaries).await?;
    let (p50, most) = (percentile(&mut late, 50), percentile(&mut late, 100));
    println!("| a second attempt after its `nextRetryAt`, ms: p50 of {RETRIES} | {p50:.0} |");
    println!("| the latest | {most:.0} |");
    println!();
    print_latency(binaries).await
}

async fn print_latency(binaries: &Path) -> Result<(), Error> {
    println!(
        "| from `occurredAt` to the first byte, ms | p50 | p95 | p99 | the latest | events a second |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    let line = |name: &str, arrivals: &[Arrival]| {
        let latency = Latency::of(arrivals);
        let Latency {
            p50,
            p95,
            p99,
            most,
        } = latency;
        let rate = raised_a_second(arrivals);
        println!("| {name} | {p50:.1} | {p95:.1} | {p99:.1} | {most:.1} | {rate:.0} |");
        latency
    };
    line("alone, one after another", &alone(binaries).await?);
    for pace in PACES {
        let name = format!("paced at {pace} a second");
        line(&name, &many(binaries, pace, None).await?);
        let answers = many(binaries, pace, Some(Answers::Success)).await?;
        let answers = line(&format!("{name}, another receiver answers"), &answers);
        let hangs = many(binaries, pace, Some(Answers::Never)).await?;
        let hangs = line(&format!("{name}, the other receiver hangs"), &hangs);
        let (p50, p99) = (hangs.p50 / answers.p50, hangs.p99 / answers.p99);
        println!("| × where it answers | {p50:.2} | | {p99:.2} | | |");
    }
    println!("\n{AIMS}");
    Ok(())
}

impl Latency {
    fn of(arrivals: &[Arrival]) -> Self {
        let each = arrivals.iter();
        let mut each: Vec<_> = each
            .map(|one| one.first_byte_at - one.occurred_at)
            .collect();
        Self {
            p50: percentile(&mut each, 50),
            p95: percentile(&mut each, 95),
            p99: percentile(&mut each, 99),
            most: percentile(&mut each, 100),
        }
    }
}

fn raised_a_second(arrivals: &[Arrival]) -> f64 {
    let (first, last) = span(arrivals.iter().map(|one| one.occurred_at));
    as_f64(arrivals.len().saturating_sub(1)) / (last - first) * 1e3
}

/// The least and the greatest.
fn span(times: impl Iterator<Item = f64>) -> (f64, f64) {
    times.fold((f64::MAX, f64::MIN), |(first, last), time| {
        (first.min(time), last.max(time))
    })
}

/// A deployment with queues, before anything is delivered.
async fn prepare(binaries: &Path, clock: Clock) -> Result<(Deployment, Sqs), Error> {
    let mut deployment = Deployment::start(binaries).await?;
    let sqs = deployment.queues(clock).await?;
    Ok((deployment, sqs))
}

impl Delivering {
    async fn start(binaries: &Path, clock: Clock) -> Result<Self, Error> {
        let (deployment, sqs) = prepare(binaries, clock).await?;
        let machine = deployment.machine(&sqs, usize::MAX).await?;
        machine.warm_up().await?;
        let deployment = Arc::new(deployment);
        Ok(Self {
            machine,
            deployment,
        })
    }
}

/// Subscribes a workspace to everything.
async fn subscribe(
    deployment: &Deployment,
    workspace: &str,
    receivers: &[&Receiver],
) -> Result<(), Error> {
    let function = deployment.function("webhook-subscriptions-create").await?;
    let token = deployment.token(workspace);
    for receiver in receivers {
        let request = call("POST", "/api/v1/webhook-subscriptions", &token);
        let request = with(json!({ "url": receiver.url() }), request);
        deployment.call(&function, &request, 201).await?;
    }
    Ok(())
}

/// Raises an event.
async fn raise(deployment: &Deployment, create: &Instance, token: &str) -> Result<(), Error> {
    deployment.call(create, &create_ticket(token), 201).await?;
    Ok(())
}

/// Each event is raised when the one before has come.
async fn alone(binaries: &Path) -> Result<Vec<Arrival>, Error> {
    let delivering = Delivering::start(binaries, Clock::real()).await?;
    let deployment = &delivering.deployment;
    let receiver = Receiver::start(Answers::Success).await?;
    let [workspace, ..] = WORKSPACES;
    subscribe(deployment, workspace, &[&receiver]).await?;
    let create = deployment.function("tickets-create").await?;
    let token = deployment.token(workspace);
    let mut arrivals = Vec::new();
    for _ in 0..=ALONE {
        raise(deployment, &create, &token).await?;
        arrivals.extend(receiver.take(1).await?);
        delivering.machine.until_idle().await?;
    }
    // The first one opens connections.
    Ok(arrivals.split_off(1))
}

/// So many events a second, in turn in each workspace, and their arrivals at the first receiver. `neighbour` is what
/// another receiver of each workspace answers, if there is one.
async fn many(
    binaries: &Path,
    pace: usize,
    neighbour: Option<Answers>,
) -> Result<Vec<Arrival>, Error> {
    let turns = pace * SECONDS / WORKSPACES.len();
    let delivering = Delivering::start(binaries, Clock::real()).await?;
    let deployment = &delivering.deployment;
    let receiver = Receiver::start(Answers::Success).await?;
    let other = Receiver::start(neighbour.unwrap_or(Answers::Success)).await?;
    let mut instances = Vec::new();
    for workspace in WORKSPACES {
        subscribe(deployment, workspace, &[&receiver]).await?;
        let token: Arc<str> = deployment.token(workspace).into();
        for _ in 0..INSTANCES {
            let create = deployment.function("tickets-create").await?;
            // The first call opens connections.
            raise(deployment, &create, &token).await?;
            instances.push((Arc::clone(&token), Arc::new(create)));
        }
    }
    receiver.take(instances.len()).await?;
    delivering.machine.until_idle().await?;
    if neighbour.is_some() {
        for workspace in WORKSPACES {
            subscribe(deployment, workspace, &[&other]).await?;
        }
    }
    let mut pace = interval(Duration::from_secs(1) / u32::try_from(pace)?);
    let mut calls = JoinSet::new();
    for number in 0..turns * WORKSPACES.len() {
        pace.tick().await;
        // Each workspace in turn, with each of its instances in turn.
        let (of, turn) = (number % WORKSPACES.len(), number / WORKSPACES.len());
        let (token, create) = instances[of * INSTANCES + turn % INSTANCES].clone();
        let deployment = Arc::clone(deployment);
        calls.spawn(async move { raise(&deployment, &create, &token).await });
    }
    // On a busy machine, calls compete for the workspace's item, and some give up. They raise no event.
    let mut raised = 0;
    while let Some(done) = calls.join_next().await {
        match done? {
            Ok(()) => raised += 1,
            Err(error) => eprintln!("an event was not raised: {error}"),
        }
    }
    receiver.take(raised).await
}

/// DynamoDB's requests and units for one event, of the functions that deliver it.
async fn print_cost(binaries: &Path) -> Result<(), Error> {
    println!("| one event, delivered to | function | requests | read units | write units |");
    println!("|---|---|--:|--:|--:|");
    for subscriptions in [0, 1, SUBSCRIPTIONS] {
        let delivering = Delivering::start(binaries, Clock::real()).await?;
        let deployment = &delivering.deployment;
        let receiver = Receiver::start(Answers::Success).await?;
        let [workspace, ..] = WORKSPACES;
        subscribe(deployment, workspace, &vec![&receiver; subscriptions]).await?;
        let create = deployment.function("tickets-create").await?;
        let token = deployment.token(workspace);
        // The first event has functions read their secrets.
        for _ in 0..2 {
            delivering.machine.until_idle().await?;
            drop(delivering.machine.operations());
            raise(deployment, &create, &token).await?;
            receiver.take(subscriptions).await?;
        }
        delivering.machine.until_idle().await?;
        for (function, [requests, reads, writes]) in cost(&delivering.machine) {
            println!(
                "| {subscriptions} | `{function}` | {requests:.0} | {reads:.1} | {writes:.1} |"
            );
        }
    }
    println!("\naims: without subscriptions, no write; at most 2 write units a delivery");
    Ok(())
}

/// Requests, read units and write units, for each function.
fn cost(machine: &Machine) -> BTreeMap<String, [f64; 3]> {
    let mut cost = BTreeMap::new();
    for function in [FAN_OUT, DELIVER] {
        cost.insert(function.to_owned(), [0.0; 3]);
    }
    for operation in machine.operations() {
        let of_table = |action: &String| action.starts_with("dynamodb:");
        if !operation.actions.iter().all(of_table) {
            continue;
        }
        let name = operation.name.as_str();
        let is_read = matches!(
            name,
            "BatchGetItem" | "GetItem" | "Query" | "TransactGetItems"
        );
        let function = function_of(&operation.caller).to_owned();
        let of_function = cost.entry(function).or_insert([0.0; 3]);
        of_function[0] += 1.0;
        of_function[if is_read { 1 } else { 2 }] += operation.units;
    }
    cost
}

/// Deliveries a second of one instance, from the first that comes to the last.
async fn rate(binaries: &Path) -> Result<f64, Error> {
    let (deployment, sqs) = prepare(binaries, Clock::real()).await?;
    let receiver = Receiver::start(Answers::Success).await?;
    let [workspace, ..] = WORKSPACES;
    subscribe(&deployment, workspace, &[&receiver; SUBSCRIPTIONS]).await?;
    let create = deployment.function("tickets-create").await?;
    let token = deployment.token(workspace);
    for _ in 0..WAITING {
        raise(&deployment, &create, &token).await?;
    }
    let machine = deployment.machine(&sqs, 1).await?;
    let arrivals = receiver.take(WAITING * SUBSCRIPTIONS).await?;
    machine.until_idle().await?;
    let (first, last) = span(arrivals.iter().map(|one| one.first_byte_at));
    Ok(as_f64(arrivals.len() - 1) / (last - first) * 1e3)
}

/// How much later than its `nextRetryAt` each second attempt comes, in ms.
async fn retries(binaries: &Path) -> Result<Vec<f64>, Error> {
    let file = binaries.join(format!("clock-{}", std::process::id()));
    let late = retries_by(binaries, Clock::movable(&file)?).await;
    std::fs::remove_file(file)?;
    late
}

async fn retries_by(binaries: &Path, clock: Clock) -> Result<Vec<f64>, Error> {
    let delivering = Delivering::start(binaries, clock.clone()).await?;
    let deployment = &delivering.deployment;
    let receiver = Receiver::start(Answers::FailureFirst).await?;
    let [workspace, ..] = WORKSPACES;
    subscribe(deployment, workspace, &[&receiver]).await?;
    let create = deployment.function("tickets-create").await?;
    let token = deployment.token(workspace);
    let mut late = Vec::new();
    for _ in 0..RETRIES {
        raise(deployment, &create, &token).await?;
        receiver.take(1).await?;
        delivering.machine.until_idle().await?;
        let due = next_retry_at(deployment)?;
        clock.advance((due - clock.now()).max(0))?;
        let second = receiver.take(1).await?;
        let ahead = Duration::from_millis(clock.offset().try_into()?);
        let due = Duration::from_millis(due.try_into()?);
        for arrival in second {
            late.push(arrival.first_byte_at + millis(ahead) - millis(due));
        }
        delivering.machine.until_idle().await?;
    }
    Ok(late)
}

/// Of the delivery that has failed.
fn next_retry_at(deployment: &Deployment) -> Result<i64, Error> {
    let items = deployment.items()?;
    let moments = items
        .iter()
        .filter_map(|item| item["nextRetryAt"]["N"].as_str());
    let moments: Result<Vec<i64>, _> = moments.map(str::parse).collect();
    Ok(moments?.into_iter().max().ok_or("no retry is planned")?)
}
