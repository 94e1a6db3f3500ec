//! The folder *Journey*: from the sign-up to the paid plan and to the sign-out. Each request uses values of earlier
//! ones.

use serde_json::{Value, json};

use super::operation::Operation;
use super::steps::{PAY, STEPS, Step, Until};
use super::{Gap, script};

/// The folder.
pub(super) fn folder(operations: &[Operation]) -> Result<Value, Gap> {
    let mut items = Vec::new();
    for (number, step) in (1..).zip(&STEPS) {
        items.push(item(number, step, operations)?);
    }
    let about = "Run all requests in this order: each one uses values that earlier ones stored.";
    Ok(json!({ "name": "Journey", "description": about, "item": items }))
}

fn item(number: usize, step: &Step, operations: &[Operation]) -> Result<Value, Gap> {
    let mut events = vec![script::event("test", &after(step))];
    if !step.before.is_empty() {
        events.push(script::event("prerequest", &[step.before.to_owned()]));
    }
    let mut item = json!({ "name": format!("{number}. {}", step.name), "event": events });
    if step.operation == PAY {
        item["request"] = pay();
        item["protocolProfileBehavior"] = json!({ "followRedirects": false });
        return Ok(item);
    }
    let operation = operations.iter().find(|operation| operation.id == step.operation);
    let operation = operation.ok_or_else(|| Gap(format!("there is no operation {}", step.operation)))?;
    if operation.value["responses"].get(step.status.to_string()).is_none() {
        return Err(Gap(format!("{} does not answer {}", step.operation, step.status)));
    }
    item["request"] = operation.request(step.fields, step.query)?;
    Ok(item)
}

/// The request that the stand-in's payment page sends when its button is pressed.
fn pay() -> Value {
    json!({
        "method": "POST",
        "description": "Presses *Pay* on the page of the local stand-in for Stripe Checkout.",
        "auth": { "type": "noauth" },
        "header": [],
        "url": { "raw": "{{checkout_url}}", "host": ["{{checkout_url}}"] },
        "body": { "mode": "urlencoded", "urlencoded": [{ "key": "action", "value": "pay", "type": "text" }] },
    })
}

fn after(step: &Step) -> Vec<String> {
    let mut lines = if step.operation == PAY { Vec::new() } else { script::opening() };
    let status = step.status;
    lines.push(script::test(&format!("returns {status}"), &format!("pm.response.to.have.status({status});")));
    if let Some(code) = step.code {
        lines.push(script::test(
            &format!("is the problem {code}"),
            &format!(
                "pm.expect(type).to.include('application/problem+json'); pm.expect(body.code).to.eql('{code}'); \
                 pm.expect(body.request_id).to.eql(pm.response.headers.get('X-Request-Id'));"
            ),
        ));
    }
    let mut checks: Vec<_> = step.checks.iter().map(|(what, check)| script::test(what, check)).collect();
    if let Some(Until { what, holds, most }) = &step.until {
        checks.insert(0, script::test(what, &format!("pm.expect({holds}).to.eql(true);")));
        lines.push("const tries = Number(pm.collectionVariables.get('tries')) + 1;".to_owned());
        lines.push(format!("const again = !({holds}) && tries < {most};"));
        lines.push("pm.collectionVariables.set('tries', again ? String(tries) : '0');".to_owned());
        lines.push("if (again) { pm.execution.setNextRequest(pm.info.requestName); } else {".to_owned());
        lines.extend(checks.into_iter().map(|check| format!("  {check}")));
        lines.push("}".to_owned());
    } else {
        lines.extend(checks);
    }
    lines.extend(script::keeping(step.operation));
    lines
}
