//! The table itself, without a function.

use local::template::Template;
use serde_json::{Value, json};

use super::{App, DYNAMODB, project};

impl App {
    /// Everything in the table.
    pub fn items(&self) -> Vec<Value> {
        DYNAMODB.items(&self.table).unwrap()
    }

    /// Puts items into the table directly: more than a test could create through the API.
    pub fn put_all(&self, items: Vec<Value>) {
        DYNAMODB.put_all(&self.table, items).unwrap();
    }

    /// Updates an item as a function would that is not part of this build: see [`DynamoDb::update`].
    pub fn update_item(&self, mut request: Value) -> Result<Value, Option<Value>> {
        request["TableName"] = json!(self.table);
        DYNAMODB.update(request).unwrap()
    }

    /// Makes or deletes indexes of tickets, until the table has those of this step (`TicketIndexes` in template.yaml).
    /// Returns how many.
    pub fn go_to_ticket_indexes(&self, step: &str) -> usize {
        let template = Template::read_with(project(), &[("TicketIndexes", step)]).unwrap();
        let change = || DYNAMODB.change_an_index(&template, &self.table).unwrap();
        std::iter::repeat_with(change)
            .take_while(|changed| *changed)
            .count()
    }
}
