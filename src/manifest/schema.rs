//! The JSON Schema of a manifest file, for editors: it takes what `validate` takes, as far as a schema can tell.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use super::document::Document;

/// Names the schema of the manifest's first version; it leads nowhere, so that nobody loads it from the network.
const ID: &str = "urn:shardctl:manifest:1";

/// Returns the JSON Schema of a manifest file (draft 2020-12).
pub fn schema() -> Schema {
    let unwrap_lines = RecursiveTransform(unwrap_description);
    let settings = SchemaSettings::draft2020_12().with_transform(unwrap_lines);
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    schema.insert("$id".to_owned(), ID.into());
    if let Some(orders) = schema.pointer_mut("/properties/orders").and_then(Value::as_object_mut) {
        // An editor would complete the key with it, and `orders: {}` is no manifest.
        orders.remove("default");
    }
    schema
}

/// Joins the lines of a description, which are broken for the width of the source only.
fn unwrap_description(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}
