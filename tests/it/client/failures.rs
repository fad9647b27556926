//! Refusals and answers that are none, for every operation.

use wiremock::ResponseTemplate;

use super::{OPERATIONS, PASSWORD, TOKEN, answering, failure, json};

/// An answer, what the error says behind the operation, and whether the request is certain to have had no effect.
type Row = (ResponseTemplate, String, bool);

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(format!("\n<html>{PASSWORD}</html>"), "text/html")
}

fn refusals() -> Vec<Row> {
    let error = |message: &str| format!(r#"{{"success": false, "message": "{message}"}}"#);
    let row = |status, message: &str, no_effect| {
        (json(status, &error(message)), format!("refused with {status}: {message}"), no_effect)
    };
    let mut rows = vec![
        row(400, "Insufficient funds", true),
        row(401, "Unauthorized", true),
        row(403, "This method is not available for this order", true),
        row(404, "Order 48213 not found", true),
        row(408, "Too slow", false),
        row(409, "Nothing scheduled", true),
        row(422, "Wrong items", true),
        row(429, "Slow down", true),
        row(499, "Gone away", false),
        row(500, "Oops", false),
        row(502, "Bad gateway", false),
        row(503, "Maintenance", false),
        row(200, "Maintenance", true),
    ];
    let plain =
        |status, message: &str, no_effect| (html(status), format!("refused with {status}: {message}"), no_effect);
    rows.extend([
        plain(201, "Created (an HTML page)", false),
        plain(404, "Not Found (an HTML page)", true),
        plain(502, "Bad Gateway (an HTML page)", false),
        plain(599, "an HTML page", false),
    ]);
    let text = |body: &str| ResponseTemplate::new(503).set_body_raw(body, "text/plain");
    let unexplained = || "refused with 503: Service Unavailable (an answer without a message)".to_owned();
    let empty = |status| ResponseTemplate::new(status);
    rows.extend([
        (empty(204), "refused with 204: No Content (an empty answer)".to_owned(), false),
        (empty(304), "refused with 304: Not Modified (an empty answer)".to_owned(), false),
        (empty(429), "refused with 429: Too Many Requests (an empty answer)".to_owned(), true),
        (empty(500), "refused with 500: Internal Server Error (an empty answer)".to_owned(), false),
        (json(400, &error("")), "refused with 400: Bad Request (an answer without a message)".to_owned(), true),
        (
            json(200, r#"{"success": false}"#),
            "refused with 200: the answer says `success: false` and not why".to_owned(),
            true,
        ),
        (json(400, &error(&format!("bad {TOKEN}\\u001b[2J\\n"))), "refused with 400: bad [token] [2J".to_owned(), true),
        (
            text("upstream connect error\r\nor {reset} \n"),
            "refused with 503: upstream connect error  or {reset}".to_owned(),
            false,
        ),
        (text(&format!("bad {TOKEN}")), "refused with 503: bad [token]".to_owned(), false),
        (text(&"no ".repeat(400)), unexplained(), false),
        (text("\u{7f}ELF"), unexplained(), false),
        (text(" \n"), unexplained(), false),
        (text("null"), unexplained(), false),
        (text(&format!("\"{PASSWORD}")), unexplained(), false),
        (json(400, &error(&"é".repeat(400))), format!("refused with 400: {}…", "é".repeat(300)), true),
    ]);
    rows
}

fn unreadable() -> Vec<Row> {
    let row = |body: &str, reason: &str| (json(200, body), format!("unreadable answer (200): {reason}"), false);
    let compressed = ResponseTemplate::new(200).set_body_bytes([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 3]);
    vec![
        (compressed, "unreadable answer (200): the answer is compressed, which was not asked for".to_owned(), false),
        row("", "the answer is empty"),
        row("{", "the answer is cut short after 1 byte"),
        row(PASSWORD, "the answer is not JSON (line 1, column 1)"),
        row("{\n  \"data\": oops", "the answer is not JSON (line 2, column 11)"),
        row(
            r#"{"success": true, "data": [{"ip": "192.0.2.1", "password": "passw"#,
            "the answer is cut short after 65 bytes",
        ),
        (
            html(200),
            "unreadable answer (200): the answer is HTML or XML, not JSON; is the API URL right?".to_owned(),
            false,
        ),
    ]
}

#[tokio::test]
async fn every_operation_says_how_far_it_got() {
    for (answer, message, no_effect) in refusals().into_iter().chain(unreadable()) {
        let server = answering(answer).await;
        for (operation, words) in OPERATIONS {
            let error = failure(&server.uri(), operation).await;
            assert_eq!(error.to_string(), format!("{words}: {message}"));
            assert_eq!(error.had_no_effect, no_effect, "{error}");
            assert_eq!(error.is_unauthorized(), message.contains("401"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_refusal_may_explain_itself_in_another_shape() {
    let rows = [
        (json(200, r#"{"success": false, "message": {"code": 7}}"#), "the answer says `success: false` and not why"),
        (json(400, r#"{"success": false, "message": {"code": 7}}"#), "Bad Request (an answer without a message)"),
        (json(400, r#"{"message": "No"}"#), "No"),
        (json(400, r#"["PASSWORD"]"#), "Bad Request (an answer without a message)"),
    ];
    for (answer, message) in rows {
        let server = answering(answer).await;
        for (operation, _) in OPERATIONS {
            let error = failure(&server.uri(), operation).await;
            assert!(error.to_string().ends_with(&format!(": {message}")), "{error}");
            assert!(error.had_no_effect, "{error}");
        }
    }
}
