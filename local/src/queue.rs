//! A standard queue of SQS, in memory: delays, visibility timeouts, receive counts, dead letters, message groups.
//!
//! Times are given by the caller, in milliseconds. A message that comes for another queue, the dead letters', is
//! returned and not sent: [`crate::sqs`] has all queues.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::template::QueueSettings;

/// A message that is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMessage {
    pub body: String,
    /// The message group, or an empty text: the messages of each are received in turn with those of the others.
    pub group: String,
    /// In milliseconds.
    pub delay: i64,
}

/// A message, to be restored.
#[derive(Debug, Deserialize, Serialize)]
pub struct Kept {
    message: Message,
    visible_at: i64,
}

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Message {
    pub id: String,
    pub body: String,
    pub group: String,
    pub sent_at: i64,
    pub receive_count: u32,
    pub first_received_at: Option<i64>,
    /// Of the latest receive.
    pub receipt: String,
}

pub struct Queue {
    settings: QueueSettings,
    /// All messages, by the order in which they came.
    messages: BTreeMap<u64, Message>,
    by_receipt: HashMap<String, u64>,
    /// Delayed, or received and not deleted: when they become visible.
    invisible: BTreeSet<(i64, u64)>,
    visible_at: HashMap<u64, i64>,
    /// The visible messages of each group.
    groups: BTreeMap<String, VecDeque<u64>>,
    /// How many messages of each group are received and neither deleted nor visible again.
    in_flight: HashMap<String, usize>,
    next: u64,
}

impl Queue {
    #[must_use]
    pub fn new(settings: QueueSettings) -> Self {
        Self {
            settings,
            messages: BTreeMap::new(),
            by_receipt: HashMap::new(),
            invisible: BTreeSet::new(),
            visible_at: HashMap::new(),
            groups: BTreeMap::new(),
            in_flight: HashMap::new(),
            next: 0,
        }
    }

    #[must_use]
    pub fn settings(&self) -> &QueueSettings {
        &self.settings
    }

    /// Adds a message. Returns its id.
    pub fn send(&mut self, message: NewMessage, now: i64) -> String {
        let NewMessage { body, group, delay } = message;
        let id = message_id(self.next);
        self.add(
            Message {
                id: id.clone(),
                body,
                group,
                sent_at: now,
                receive_count: 0,
                first_received_at: None,
                receipt: String::new(),
            },
            now + delay,
            now,
        );
        id
    }

    /// Adds a message of another queue, as it is: with its id and its age.
    pub fn take_over(&mut self, message: Message, now: i64) {
        self.add(
            Message {
                receive_count: 0,
                first_received_at: None,
                receipt: String::new(),
                ..message
            },
            now,
            now,
        );
    }

    /// All messages, to be restored.
    #[must_use]
    pub fn kept(&self) -> Vec<Kept> {
        let all = self.messages.iter();
        all.map(|(number, message)| Kept {
            message: message.clone(),
            visible_at: self.visible_at.get(number).copied().unwrap_or_default(),
        })
        .collect()
    }

    /// Adds a message of [`Queue::kept`], under another id. Nobody has its receipt any more.
    pub fn restore(&mut self, kept: Kept, now: i64) {
        let Kept {
            mut message,
            visible_at,
        } = kept;
        message.id = message_id(self.next);
        if message.receive_count > 0 && visible_at > now {
            *self.in_flight.entry(message.group.clone()).or_default() += 1;
        }
        self.add(message, visible_at, now);
    }

    fn add(&mut self, message: Message, visible_at: i64, now: i64) {
        let number = self.next;
        self.next += 1;
        let group = message.group.clone();
        self.messages.insert(number, message);
        if visible_at > now {
            self.hide(number, visible_at);
        } else {
            self.groups.entry(group).or_default().push_back(number);
        }
    }

    fn hide(&mut self, number: u64, until: i64) {
        self.invisible.insert((until, number));
        self.visible_at.insert(number, until);
    }

    /// Receives up to `max` messages, and hides them for the visibility timeout.
    ///
    /// Fair queues: the next message is of the group with the fewest messages in flight, and among those, the oldest
    /// ("Amazon SQS fair queues", SQS developer guide).
    pub fn receive(&mut self, max: usize, now: i64) -> Vec<Message> {
        let mut received = Vec::new();
        while received.len() < max {
            let in_flight = |group: &str| self.in_flight.get(group).copied().unwrap_or_default();
            let next = self.groups.iter();
            let next = next.filter_map(|(group, numbers)| Some((group, *numbers.front()?)));
            let next = next.min_by_key(|(group, number)| (in_flight(group), *number));
            let Some((group, number)) = next.map(|(group, number)| (group.clone(), number)) else {
                break;
            };
            if let Some(numbers) = self.groups.get_mut(&group) {
                numbers.pop_front();
                if numbers.is_empty() {
                    self.groups.remove(&group);
                }
            }
            *self.in_flight.entry(group).or_default() += 1;
            self.hide(number, now + self.settings.visibility_timeout);
            if let Some(message) = self.messages.get_mut(&number) {
                message.receive_count += 1;
                message.first_received_at.get_or_insert(now);
                message.receipt = format!("{}.{}", message.id, message.receive_count);
                self.by_receipt.insert(message.receipt.clone(), number);
                received.push(message.clone());
            }
        }
        received
    }

    /// Deletes a message. Returns whether it was there. As with SQS, a receipt is good as long as the message is, until
    /// the message is received again.
    pub fn delete(&mut self, receipt: &str) -> bool {
        let Some(number) = self.by_receipt.get(receipt).copied() else {
            return false;
        };
        let latest = self.messages.get(&number);
        if latest.is_none_or(|message| message.receipt != receipt) {
            return false;
        }
        self.remove(number).is_some()
    }

    fn remove(&mut self, number: u64) -> Option<Message> {
        let message = self.messages.remove(&number)?;
        self.by_receipt.remove(&message.receipt);
        if let Some(until) = self.visible_at.remove(&number) {
            self.invisible.remove(&(until, number));
            if message.receive_count > 0 {
                self.leaves_flight(&message.group);
            }
        } else if let Some(numbers) = self.groups.get_mut(&message.group) {
            numbers.retain(|one| *one != number);
            if numbers.is_empty() {
                self.groups.remove(&message.group);
            }
        }
        Some(message)
    }

    fn leaves_flight(&mut self, group: &str) {
        if let Some(count) = self.in_flight.get_mut(group) {
            *count -= 1;
            if *count == 0 {
                self.in_flight.remove(group);
            }
        }
    }

    /// Makes messages visible whose time has come, and forgets those that are too old. Returns the messages that have
    /// become dead letters.
    pub fn refresh(&mut self, now: i64) -> Vec<Message> {
        let mut dead = Vec::new();
        while let Some((until, number)) = self.invisible.first().copied()
            && until <= now
        {
            self.invisible.remove(&(until, number));
            self.visible_at.remove(&number);
            let Some(message) = self.messages.get(&number) else {
                continue;
            };
            let (group, count) = (message.group.clone(), message.receive_count);
            if count > 0 {
                self.leaves_flight(&group);
            }
            let limit = self.settings.dead_letters.as_ref();
            if limit.is_some_and(|(_, limit)| count >= *limit) {
                dead.extend(self.messages.remove(&number));
                continue;
            }
            // In its old place: it is older than those that came later.
            let numbers = self.groups.entry(group).or_default();
            let place = numbers.partition_point(|other| *other < number);
            numbers.insert(place, number);
        }
        while let Some((number, message)) = self.messages.first_key_value()
            && message.sent_at + self.settings.retention <= now
        {
            self.remove(*number);
        }
        dead
    }

    /// How many messages could be received now.
    #[must_use]
    pub fn visible(&self) -> usize {
        self.groups.values().map(VecDeque::len).sum()
    }

    /// When the next message becomes visible, of those that are not.
    #[must_use]
    pub fn next_visible(&self) -> Option<i64> {
        self.invisible.first().map(|(until, _)| *until)
    }

    /// All messages, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.values()
    }

    /// Takes all messages out.
    pub fn drain(&mut self) -> Vec<Message> {
        let numbers: Vec<_> = self.messages.keys().copied().collect();
        let removed = numbers.into_iter().filter_map(|number| self.remove(number));
        removed.collect()
    }
}

fn message_id(number: u64) -> String {
    format!("00000000-0000-4000-9000-{number:012x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(dead_letters: Option<(String, u32)>) -> Queue {
        Queue::new(QueueSettings {
            visibility_timeout: 180_000,
            retention: 345_600_000,
            dead_letters,
        })
    }

    fn message(body: &str, group: &str, delay: i64) -> NewMessage {
        NewMessage {
            body: body.to_owned(),
            group: group.to_owned(),
            delay,
        }
    }

    fn bodies(queue: &mut Queue, max: usize, now: i64) -> Vec<String> {
        let received = queue.receive(max, now).into_iter();
        received.map(|message| message.body).collect()
    }

    #[test]
    fn a_message_is_received_when_its_delay_is_over() {
        let mut queue = queue(None);
        queue.send(message("later", "a", 900_000), 0);
        queue.send(message("now", "a", 0), 0);
        assert_eq!(bodies(&mut queue, 10, 0), ["now"]);
        assert_eq!(queue.next_visible(), Some(180_000));
        queue.refresh(899_999);
        assert_eq!(bodies(&mut queue, 10, 899_999), ["now"]);
        queue.refresh(900_000);
        assert_eq!(bodies(&mut queue, 10, 900_000), ["later"]);
    }

    #[test]
    fn a_message_that_is_not_deleted_comes_again_and_counts_its_receives() {
        let mut queue = queue(None);
        queue.send(message("m", "a", 0), 0);
        let first = queue.receive(10, 5).remove(0);
        assert_eq!((first.receive_count, first.first_received_at), (1, Some(5)));
        queue.refresh(180_004);
        assert_eq!(queue.receive(10, 180_004), []);
        queue.refresh(180_005);
        let second = queue.receive(10, 180_005).remove(0);
        assert_eq!(
            (second.receive_count, second.first_received_at),
            (2, Some(5))
        );
        assert_eq!(second.id, first.id);
        // An old receipt deletes nothing.
        assert!(!queue.delete(&first.receipt));
        assert!(queue.delete(&second.receipt) && !queue.delete(&second.receipt));
        assert_eq!(queue.messages().count(), 0);
        assert_eq!(queue.next_visible(), None);
    }

    #[test]
    fn after_its_last_receive_a_message_is_a_dead_letter() {
        let mut queue = queue(Some(("dead".to_owned(), 3)));
        queue.send(message("m", "a", 0), 0);
        let mut now = 0;
        for _ in 0..3 {
            assert_eq!(queue.refresh(now), []);
            assert_eq!(bodies(&mut queue, 10, now), ["m"]);
            now += 180_000;
        }
        let dead = queue.refresh(now);
        assert_eq!(dead[0].body, "m");
        assert_eq!(queue.messages().count(), 0);
    }

    #[test]
    fn a_group_with_many_messages_does_not_delay_another() {
        let mut queue = queue(None);
        for number in 0..20 {
            queue.send(message(&format!("noisy {number}"), "noisy", 0), 0);
        }
        queue.send(message("quiet 0", "quiet", 0), 0);
        queue.send(message("quiet 1", "quiet", 0), 0);
        let received = bodies(&mut queue, 6, 0);
        let expected = [
            "noisy 0", "quiet 0", "noisy 1", "quiet 1", "noisy 2", "noisy 3",
        ];
        assert_eq!(received, expected);
        // Four of the noisy group are in flight: a newcomer goes first.
        queue.send(message("new 0", "new", 0), 0);
        queue.send(message("new 1", "new", 0), 0);
        assert_eq!(bodies(&mut queue, 3, 0), ["new 0", "new 1", "noisy 4"]);
    }

    #[test]
    fn a_message_is_forgotten_after_the_retention() {
        let mut queue = queue(None);
        queue.send(message("old", "a", 0), 0);
        queue.send(message("new", "a", 0), 1000);
        queue.refresh(345_600_000);
        assert_eq!(bodies(&mut queue, 10, 345_600_000), ["new"]);
    }
}
