//! The third table: the same calls in workspaces of 100, 10,000 and 100,000 tickets.
//!
//! The calls of the workspaces alternate, so that a machine that slows down slows all. Each figure is a median.
//!
//! To create so many tickets through the API would take too long. The API creates the first ticket of each workspace;
//! the others are copies of its items that are put directly into the table. This assumes of the store:
//!
//! - The `pk` of a ticket's own items ends with its id. Everywhere in the items, the copy's id replaces the id.
//! - The ticket itself is the item with a `number`; `number`, `subject` and `tags` are named as in the API.
//! - A text in a ticket's items that ends with `open` names its status.
//! - The workspace's item, whose `pk` ends with the workspace's id, has the last number in `tickets`, and a count for
//!   each status, such as `openTickets`.
//!
//! The copies lack tokens, events and counts of tags, which no call here reads. All have the time of the first ticket,
//! so that lists sort them by their ids, which sort by number.

use std::path::Path;

use local::{Error, gateway::Request};
use serde_json::{Value, json};

use crate::{
    calls::{BODY, call, create_key, create_ticket},
    deployment::Deployment,
    statistics::{as_f64, percentile},
};

const SIZES: [usize; 3] = [100, 10_000, 100_000];

/// The slowest call takes a fifth of a second.
const CALLS: usize = 40;

/// The number of the last tickets with [`RECENT`] in their subject: more than a page.
const RECENT_TICKETS: usize = 60;
const RECENT: &str = "parcel";

/// The word that only a message of the ticket [`RARE_IN`] has.
const RARE: &str = "crocodile";
const RARE_IN: usize = 2;

/// How many tickets to put at once.
const BATCH: usize = 1000;

/// A line of the table: a function and its calls.
struct Cells {
    name: &'static str,
    function: &'static str,
    status: u16,
    call: fn(&Workspace, usize) -> Request,
}

const CELLS: [Cells; 7] = [
    Cells {
        name: "list, a page of 50",
        function: "tickets-list",
        status: 200,
        call: |workspace, _| workspace.list(""),
    },
    Cells {
        name: "list, by status: 1 in 25 is `open`",
        function: "tickets-list",
        status: 200,
        call: |workspace, _| workspace.list("status=open"),
    },
    Cells {
        name: "list, by tag: 1 in 33 has it",
        function: "tickets-list",
        status: 200,
        call: |workspace, _| workspace.list("tag=refund"),
    },
    Cells {
        name: "list, `q` in the subject of the last 60",
        function: "tickets-list",
        status: 200,
        call: |workspace, _| workspace.list(&format!("q={RECENT}")),
    },
    Cells {
        name: "list, `q` in one message, of the second ticket",
        function: "tickets-list",
        status: 200,
        call: |workspace, _| workspace.list(&format!("q={RARE}")),
    },
    Cells {
        name: "get",
        function: "tickets-get",
        status: 200,
        call: |workspace, number| {
            // Tickets from all over the workspace.
            let number = 1 + number * 7919 % workspace.size;
            let path = format!("/api/v1/tickets/{}", workspace.id(number));
            call("GET", &path, &workspace.key)
        },
    },
    // The last line, because it adds tickets.
    Cells {
        name: "create",
        function: "tickets-create",
        status: 201,
        call: |workspace, _| create_ticket(&workspace.key),
    },
];

/// A workspace with what calls need.
struct Workspace {
    name: String,
    size: usize,
    key: String,
    /// The id of the first ticket, from which all others are copied.
    first: String,
}

pub(crate) async fn print(binaries: &Path) -> Result<(), Error> {
    let deployment = Deployment::start(binaries).await?;
    let workspaces = create(&deployment).await?;
    println!("| p50 in ms / requests / units, with so many tickets | 100 | 10,000 | 100,000 |");
    println!("|---|--:|--:|--:|");
    for cells in &CELLS {
        let measured = measure(&deployment, cells, &workspaces).await?;
        println!("| {} | {} |", cells.name, measured.join(" | "));
    }
    Ok(())
}

async fn measure(
    deployment: &Deployment,
    cells: &Cells,
    workspaces: &[Workspace],
) -> Result<Vec<String>, Error> {
    let function = deployment.function(cells.function).await?;
    let mut figures: Vec<[Vec<f64>; 3]> = workspaces.iter().map(|_| Default::default()).collect();
    // The first call opens connections and windows, and is not measured.
    for number in 0..=CALLS {
        for (workspace, [walls, requests, units]) in workspaces.iter().zip(&mut figures) {
            drop(deployment.take_operations());
            let request = (cells.call)(workspace, number);
            let answer = deployment.call(&function, &request, cells.status).await?;
            let operations = deployment.take_operations();
            if number > 0 {
                walls.push(answer.took);
                requests.push(as_f64(operations.len()));
                units.push(operations.iter().map(|operation| operation.units).sum());
            }
        }
    }
    let medians = figures.iter_mut().map(|[walls, requests, units]| {
        let p50 = |of| percentile(of, 50);
        format!(
            "{:.1} / {:.0} / {:.1}",
            p50(walls),
            p50(requests),
            p50(units)
        )
    });
    Ok(medians.collect())
}

/// Creates the workspaces and fills them.
async fn create(deployment: &Deployment) -> Result<Vec<Workspace>, Error> {
    let keys = deployment.function("api-keys-create").await?;
    let tickets = deployment.function("tickets-create").await?;
    let mut workspaces = Vec::new();
    for size in SIZES {
        let name = format!("acc_{size}");
        let key = create_key(&deployment.token(&name));
        let key = deployment.call(&keys, &key, 201).await?.text("key");
        let first = deployment.call(&tickets, &create_ticket(&key), 201).await?;
        workspaces.push(Workspace {
            name,
            size,
            key,
            first: first.text("id"),
        });
    }
    let items = deployment.items()?;
    let lists = deployment.function("tickets-list").await?;
    for workspace in &workspaces {
        workspace.fill(deployment, &items)?;
        let listed = deployment.call(&lists, &workspace.list(""), 200).await?;
        workspace.has_all(&listed.data)?;
    }
    Ok(workspaces)
}

impl Workspace {
    fn list(&self, query: &str) -> Request {
        Request {
            query: query.to_owned(),
            ..call("GET", "/api/v1/tickets", &self.key)
        }
    }

    /// The id of a ticket. The ids of copies sort by number, after the first ticket's: their ULIDs have a time that no
    /// clock shows yet, and the number in place of the random part.
    fn id(&self, number: usize) -> String {
        match number {
            1 => self.first.clone(),
            _ => format!("tkt_1000000000{number:016}"),
        }
    }

    /// Puts copies of the first ticket into the table and updates the counts.
    fn fill(&self, deployment: &Deployment, items: &[Value]) -> Result<(), Error> {
        let of = |item: &&Value, part: &str| {
            item["pk"]["S"]
                .as_str()
                .is_some_and(|pk| pk.ends_with(part))
        };
        let ticket = items.iter().filter(|item| of(item, &self.first));
        let ticket: Vec<_> = ticket.map(Value::to_string).collect();
        let numbers: Vec<_> = (2..=self.size).collect();
        for batch in numbers.chunks(BATCH) {
            let mut copies = Vec::new();
            for number in batch {
                for item in &ticket {
                    copies.push(self.copy(item, *number)?);
                }
            }
            deployment.put_all(copies)?;
        }

        let mut workspace = items.iter().filter(|item| of(item, &self.name));
        let counting = workspace.find(|item| item.get("openTickets").is_some());
        let mut counting = counting.ok_or("no count of tickets")?.clone();
        counting["tickets"] = json!({ "N": self.size.to_string() });
        for status in ["open", "resolved", "closed"] {
            let tickets = (1..=self.size).filter(|number| status_of(*number) == status);
            counting[format!("{status}Tickets")] = json!({ "N": tickets.count().to_string() });
        }
        deployment.put_all(vec![counting])
    }

    /// A copy of an item of the first ticket, for the ticket with this number.
    fn copy(&self, item: &str, number: usize) -> Result<Value, Error> {
        let status = format!("{}\"", status_of(number));
        let item = item.replace(&self.first, &self.id(number));
        let mut item: Value = serde_json::from_str(&item.replace("open\"", &status))?;
        if item.get("number").is_some() {
            let is_recent = number + RECENT_TICKETS > self.size;
            let about = if is_recent { RECENT } else { "order" };
            item["number"]["N"] = number.to_string().into();
            item["subject"]["S"] = format!("A question about {about} {number} of last week").into();
            if number.is_multiple_of(33) {
                item["tags"]["L"] = json!([{ "S": "refund" }]);
            }
        } else if number == RARE_IN {
            item["body"]["S"] = format!("{BODY} It is about a {RARE}.").into();
        }
        Ok(item)
    }

    /// Checks that a list shows the copies: the counts add up to all tickets, and the last ticket is first.
    fn has_all(&self, list: &Value) -> Result<(), Error> {
        let counts = list["counts"].as_object().into_iter().flatten();
        let tickets: u64 = counts.filter_map(|(_, count)| count.as_u64()).sum();
        if tickets == self.size as u64 && list["tickets"][0]["number"] == self.size {
            return Ok(());
        }
        Err(format!(
            "the copies in {} are not what the API reads: {list}",
            self.name
        )
        .into())
    }
}

/// Most tickets are closed, and some are resolved.
fn status_of(number: usize) -> &'static str {
    match number % 25 {
        1 => "open",
        2..=5 => "resolved",
        _ => "closed",
    }
}
