//! Checks requests and answers against the description of the vendor's API in `schemas/`.
//!
//! Requests are held to the letter. Answers may carry no field and no successful status that is not described; an error
//! status that is not described must still have the described error body.

mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use jsonschema::Validator;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize as _;
use serde_json::{Value, json};

const DESCRIPTION: &str = include_str!("../../schemas/proxyshard-user-api.openapi.json");

/// The operations, which have no names in the description.
const NAMES: [(&str, &str, &str); 11] = [
    ("active", "get", "/user/api/proxies/active"),
    ("calculate", "get", "/user/api/orders/{order_id}/addons/calculate"),
    ("purchase", "post", "/user/api/orders/{order_id}/addons/purchase"),
    ("schedule", "post", "/user/api/orders/{order_id}/addons/schedule"),
    ("cancel", "post", "/user/api/orders/{order_id}/addons/schedule/cancel"),
    ("set_del_np", "post", "/user/api/orders/{order_id}/del-np/set"),
    ("set_signatures", "post", "/user/api/orders/{order_id}/signature/set"),
    ("order", "get", "/user/api/orders/{id}"),
    ("orders", "get", "/user/api/orders"),
    ("me", "get", "/user/api/me"),
    ("set_auto_renewal", "post", "/user/api/orders/edit-auto-renewal/{order_id}"),
];

struct Operation {
    name: &'static str,
    method: &'static str,
    template: &'static str,
    query: Vec<Parameter>,
    body: Option<Validator>,
    answers: BTreeMap<u16, Validator>,
}

struct Parameter {
    name: String,
    required: bool,
    values: Values,
}

/// The values that a parameter may have.
enum Values {
    Any,
    Integers(RangeInclusive<i64>),
    Words(Vec<String>),
}

struct Description {
    operations: Vec<Operation>,
    error: Validator,
}

/// Checks a request and returns the name of its operation.
pub fn check_request(
    method: &str,
    path: &str,
    query: &[(String, String)],
    headers: &HeaderMap,
    body: Option<&Value>,
) -> Result<&'static str, String> {
    let at_path: Vec<_> = description().operations.iter().filter(|operation| fits(operation.template, path)).collect();
    let described = at_path.iter().find(|operation| operation.method.eq_ignore_ascii_case(method));
    let operation = described.ok_or_else(|| format!("{method} {path}: no such operation"))?;
    let located = |message: String| format!("{method} {path}: {message}");
    check_bearer(headers).map_err(located)?;
    check_query(&operation.query, query).map_err(located)?;
    check_body(operation, headers, body).map_err(located)?;
    check_addon_key(query, body).map_err(located)?;
    Ok(operation.name)
}

/// Checks a request that a wiremock server received.
pub fn check_wiremock(request: &wiremock::Request) -> Result<&'static str, String> {
    let query: Vec<_> = request.url.query_pairs().into_owned().collect();
    let body = match request.body.as_slice() {
        [] => None,
        bytes => Some(serde_json::from_slice(bytes).map_err(|error| format!("the body is not JSON: {error}"))?),
    };
    check_request(request.method.as_str(), request.url.path(), &query, &request.headers, body.as_ref())
}

/// Checks an entry of the sandbox's `/sandbox/requests`, which tells nothing of the header but `authorized`.
pub fn check_logged(entry: &Value) -> Result<&'static str, String> {
    let text = |key: &str| entry[key].as_str().ok_or_else(|| format!("a log entry without {key}: {entry}"));
    let query: Vec<(String, String)> = Vec::deserialize(&entry["query"]).map_err(|error| error.to_string())?;
    let mut headers = HeaderMap::new();
    if entry["authorized"] == true {
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer logged"));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = Some(&entry["body"]).filter(|body| !body.is_null());
    let operation = check_request(text("method")?, text("path")?, &query, &headers, body)?;
    if text("operation")? != operation {
        return Err(format!("logged as another operation than {operation}: {entry}"));
    }
    Ok(operation)
}

/// Checks the answer of an operation.
pub fn check_response(operation: &str, status: u16, body: &Value) -> Result<(), String> {
    let known = description().operations.iter().find(|known| known.name == operation);
    let known = known.ok_or_else(|| format!("{operation}: no such operation"))?;
    let validator = match known.answers.get(&status) {
        Some(validator) => validator,
        None if status >= 400 => &description().error,
        None => return Err(format!("{operation}: status {status} is not described")),
    };
    validate(validator, body).map_err(|message| format!("{operation}, status {status}: {message}"))?;
    let success = body.get("success").and_then(Value::as_bool);
    if success.is_some_and(|success| success != (status < 400)) {
        return Err(format!("{operation}, status {status}: `success` says the opposite"));
    }
    Ok(())
}

fn check_bearer(headers: &HeaderMap) -> Result<(), String> {
    let values: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
    let [value] = values[..] else { return Err(format!("{} Authorization fields, not one", values.len())) };
    match value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")) {
        Some(token) if !token.trim().is_empty() && !token.contains(char::is_whitespace) => Ok(()),
        _ => Err("the Authorization field is not `Bearer TOKEN`".to_owned()),
    }
}

fn check_query(parameters: &[Parameter], query: &[(String, String)]) -> Result<(), String> {
    if let Some((name, _)) = query.iter().find(|(name, _)| !parameters.iter().any(|known| known.name == *name)) {
        return Err(format!("query parameter {name} is not described"));
    }
    for parameter in parameters {
        let values: Vec<_> = query.iter().filter(|(name, _)| *name == parameter.name).collect();
        match values[..] {
            [] if !parameter.required => {}
            [(_, value)] if parameter.values.include(value) => {}
            [(name, value)] => return Err(format!("query parameter {name} may not be `{value}`")),
            _ => return Err(format!("query parameter {} stands {} times", parameter.name, values.len())),
        }
    }
    Ok(())
}

impl Values {
    fn described(schema: &Value) -> Values {
        let words = schema["enum"].as_array().into_iter().flatten().map(|word| word.as_str().expect("a word"));
        let bound = |name: &str, otherwise| schema[name].as_i64().unwrap_or(otherwise);
        match schema["type"].as_str() {
            Some("integer") => Values::Integers(bound("minimum", i64::MIN)..=bound("maximum", i64::MAX)),
            Some("boolean") => Values::Words(vec!["false".to_owned(), "true".to_owned()]),
            _ if schema.get("enum").is_some() => Values::Words(words.map(str::to_owned).collect()),
            _ => Values::Any,
        }
    }

    fn include(&self, value: &str) -> bool {
        match self {
            Values::Any => true,
            Values::Integers(range) => integer(value).is_some_and(|number| range.contains(&number)),
            Values::Words(words) => words.iter().any(|word| word == value),
        }
    }
}

/// Reads an integer in the one form in which JSON writes it.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

fn check_body(operation: &Operation, headers: &HeaderMap, body: Option<&Value>) -> Result<(), String> {
    match (&operation.body, body) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err("has a body, which is not described".to_owned()),
        (Some(_), None) => Err("lacks its body".to_owned()),
        (Some(validator), Some(body)) => {
            let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if media_type.split(';').next() != Some("application/json") {
                return Err(format!("Content-Type is `{media_type}`, not application/json"));
            }
            validate(validator, body)
        }
    }
}

/// Holds a request to what the description says in words only: one add-on is on sale.
fn check_addon_key(query: &[(String, String)], body: Option<&Value>) -> Result<(), String> {
    let in_query = query.iter().find(|(name, _)| name == "addon_key").map(|(_, key)| key.as_str());
    let in_body = body.and_then(|body| body.get("addon_key")).and_then(Value::as_str);
    match in_query.or(in_body) {
        None | Some("p0f_slots") => Ok(()),
        Some(key) => Err(format!("addon_key `{key}` is not on sale")),
    }
}

fn validate(validator: &Validator, value: &Value) -> Result<(), String> {
    validator.validate(value).map_err(|error| format!("at `{}`: {error}", error.instance_path()))
}

/// Returns whether a path is of a template; all parameters of the description's paths are integers.
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let fits =
        |(part, segment): (&&str, &&str)| part == segment || (part.starts_with('{') && integer(segment).is_some());
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}

fn description() -> &'static Description {
    static DESCRIBED: OnceLock<Description> = OnceLock::new();
    DESCRIBED.get_or_init(|| {
        let document: Value = serde_json::from_str(DESCRIPTION).expect("the description is JSON");
        let error = validator(&document, &json!({"$ref": "#/components/schemas/ApiError"}), true);
        Description { operations: NAMES.map(|named| operation(&document, named)).into(), error }
    })
}

fn operation(document: &Value, (name, method, template): (&'static str, &'static str, &'static str)) -> Operation {
    let described = &document["paths"][template][method];
    let schema = |place: &Value| place.pointer("/content/application~1json/schema").cloned();
    let answers = described["responses"].as_object().expect("responses").iter().map(|(status, answer)| {
        let schema = schema(answer).expect("every answer has a schema");
        (status.parse().expect("a status"), validator(document, &schema, true))
    });
    Operation {
        name,
        method,
        template,
        query: described["parameters"].as_array().into_iter().flatten().filter_map(parameter).collect(),
        body: schema(&described["requestBody"]).map(|schema| validator(document, &schema, false)),
        answers: answers.collect(),
    }
}

fn parameter(described: &Value) -> Option<Parameter> {
    (described["in"] == "query").then(|| Parameter {
        name: described["name"].as_str().expect("a name").to_owned(),
        required: described["required"] == true,
        values: Values::described(&described["schema"]),
    })
}

fn validator(document: &Value, schema: &Value, closed: bool) -> Validator {
    jsonschema::validator_for(&plain(document, schema, closed)).expect("the description's schemas are valid")
}

/// Rewrites a schema of OpenAPI 3.0 as plain JSON Schema: references put in place, `nullable` as a type, and where
/// `closed`, no field but the described ones.
fn plain(document: &Value, schema: &Value, closed: bool) -> Value {
    match schema {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let target = document.pointer(reference.trim_start_matches('#')).expect("the reference has a target");
                return plain(document, target, closed);
            }
            let rewritten = fields.iter().map(|(key, value)| (key.clone(), plain(document, value, closed)));
            let mut rewritten: serde_json::Map<_, _> = rewritten.collect();
            if rewritten.remove("nullable") == Some(Value::Bool(true)) {
                rewritten.insert("type".to_owned(), json!([fields["type"], "null"]));
            }
            if closed && fields.get("type") == Some(&json!("object")) {
                rewritten.insert("additionalProperties".to_owned(), json!(false));
            }
            Value::Object(rewritten)
        }
        Value::Array(items) => items.iter().map(|item| plain(document, item, closed)).collect(),
        other => other.clone(),
    }
}
