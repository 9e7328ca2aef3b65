//! API Gateway's event.
//!
//! Its format is "payload format version 2.0" ("Working with AWS Lambda proxy integrations for HTTP APIs", API Gateway
//! developer guide). `lambda_http` does not parse it, because nothing that a client sends may prevent a response in the
//! envelope: `lambda_http` 1.3 builds a URL from the `Host` header and panics if that fails, and it rejects the whole
//! event for one malformed header.
//!
//! The runtime deserialises an event directly into this type. A second pass over a body of 1 MiB would cost as much as
//! everything else that is done with it. If deserialising fails, the runtime itself responds, outside the envelope. So
//! any JSON is accepted here: values of a wrong type are recorded as [`Lenient::Wrong`], and the request is refused
//! later.

use std::{collections::HashMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

/// Any JSON value. Only the fields that are needed are kept.
#[derive(Deserialize)]
pub struct Event(Lenient<Fields>);

/// The fields that are needed, in an event of the right format.
pub(crate) struct GatewayEvent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) cookies: Vec<String>,
    pub(crate) domain_name: Option<String>,
    pub(crate) source_ip: String,
    pub(crate) path_parameters: HashMap<String, String>,
    pub(crate) query: String,
    pub(crate) body: String,
    pub(crate) is_base64_encoded: bool,
}

/// The most that an id of the gateway may have. Its ids have 16; a UUID would have 36.
const GATEWAY_ID_BYTES: usize = 36;

impl Event {
    /// Stands for text that is not JSON.
    pub(crate) fn unreadable() -> Self {
        Self(Lenient::Wrong)
    }

    /// The id that the gateway has given the request, for the log. `None` if there is none that looks like one.
    pub(crate) fn gateway_id(&self) -> Option<&str> {
        let Lenient::Right(Fields {
            request_context: Lenient::Right(context),
            ..
        }) = &self.0
        else {
            return None;
        };
        let Lenient::Right(id) = &context.request_id else {
            return None;
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"=-_+/".contains(&byte);
        ((1..=GATEWAY_ID_BYTES).contains(&id.len()) && id.bytes().all(allowed)).then_some(id)
    }

    /// `None` if a value has the wrong type.
    pub(crate) fn of_gateway(self) -> Option<GatewayEvent> {
        let Lenient::Right(event) = self.0 else {
            return None;
        };
        let context = event.request_context.or_default()?;
        let http = context.http.or_default()?;
        let headers = event.headers.or_default()?.into_iter();
        let cookies = event.cookies.or_default()?.into_iter();
        let parameters = event.path_parameters.or_default()?.into_iter();
        let text = |(name, text): (String, Lenient<String>)| Some((name, text.or_default()?));
        Some(GatewayEvent {
            method: http.method.or_default()?,
            path: event.raw_path.or_default()?,
            headers: headers.map(text).collect::<Option<_>>()?,
            cookies: cookies.map(Lenient::or_default).collect::<Option<_>>()?,
            domain_name: match context.domain_name {
                Lenient::Right(name) => Some(name),
                Lenient::Missing => None,
                Lenient::Wrong => return None,
            },
            source_ip: http.source_ip.or_default()?,
            path_parameters: parameters.map(text).collect::<Option<_>>()?,
            query: event.raw_query_string.or_default()?,
            body: event.body.or_default()?,
            is_base64_encoded: event.is_base64_encoded.or_default()?,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields {
    raw_path: Lenient<String>,
    headers: Lenient<HashMap<String, Lenient<String>>>,
    cookies: Lenient<Vec<Lenient<String>>>,
    path_parameters: Lenient<HashMap<String, Lenient<String>>>,
    raw_query_string: Lenient<String>,
    request_context: Lenient<RequestContext>,
    body: Lenient<String>,
    is_base64_encoded: Lenient<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    domain_name: Lenient<String>,
    http: Lenient<Http>,
    request_id: Lenient<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Http {
    method: Lenient<String>,
    source_ip: Lenient<String>,
}

/// A value that is deserialised without an error, whatever its type.
#[derive(Default)]
enum Lenient<T> {
    /// Also for `null`.
    #[default]
    Missing,
    Right(T),
    /// A value of another type.
    Wrong,
}

impl<T: Default> Lenient<T> {
    /// `None` if the value has the wrong type.
    fn or_default(self) -> Option<T> {
        match self {
            Self::Missing => Some(T::default()),
            Self::Right(value) => Some(value),
            Self::Wrong => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType(PhantomData))
    }
}

struct AnyType<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyType<T> {
    type Value = Lenient<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Lenient<T>, E> {
        Ok(T::deserialize(value.into_deserializer()).map_or_else(wrong::<T, E>, Lenient::Right))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Lenient<T>, E> {
        Ok(Lenient::Wrong)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Lenient<T>, E> {
        Ok(Lenient::Wrong)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Lenient<T>, E> {
        Ok(Lenient::Wrong)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Lenient<T>, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Lenient<T>, E> {
        Ok(T::deserialize(text.into_deserializer()).map_or_else(wrong::<T, E>, Lenient::Right))
    }

    fn visit_unit<E: Error>(self) -> Result<Lenient<T>, E> {
        Ok(Lenient::Missing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Lenient<T>, A::Error> {
        if let Ok(value) = T::deserialize(SeqAccessDeserializer::new(&mut list)) {
            return Ok(Lenient::Right(value));
        }
        // If the text is not JSON, this fails too.
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient::Wrong)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Lenient<T>, A::Error> {
        if let Ok(value) = T::deserialize(MapAccessDeserializer::new(&mut object)) {
            return Ok(Lenient::Right(value));
        }
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Lenient::Wrong)
    }
}

fn wrong<T, E>(_: E) -> Lenient<T> {
    Lenient::Wrong
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn only_what_looks_like_an_id_is_taken_for_the_gateways() {
        let found = |event: Value| {
            let event: Event = serde_json::from_value(event).unwrap();
            event.gateway_id().map(str::to_owned)
        };
        let of = |id: Value| found(json!({ "requestContext": { "requestId": id } }));
        for id in ["JKJaXmPLvHcESHA=", "3f1c9c9e-6d1c-4a6f-9a40-0d9b8f6f4c11"] {
            assert_eq!(of(json!(id)).as_deref(), Some(id));
        }
        let long = "a".repeat(37);
        for wrong in [
            json!(""),
            json!("a b"),
            json!("{\"a\""),
            json!(long),
            json!(7),
            json!(null),
        ] {
            assert_eq!(of(wrong.clone()), None, "{wrong}");
        }
        for nowhere in [json!({}), json!({ "requestContext": 7 }), json!(7)] {
            assert_eq!(found(nowhere.clone()), None, "{nowhere}");
        }
        // Of an event that is otherwise not of the format, too.
        let event = json!({ "rawPath": 7, "requestContext": { "requestId": "a" } });
        assert_eq!(found(event).as_deref(), Some("a"));
    }
}
