//! Objects of the stand-in's Stripe account, as Stripe stores them.

use std::collections::HashMap;

use serde_json::Value;

/// Rows in the order of their creation, found by id.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Value>,
    index: HashMap<String, usize>,
}

impl Table {
    /// Adds a row and returns its id.
    pub(super) fn insert(&mut self, row: Value) -> String {
        let id = row["id"].as_str().unwrap_or_default().to_owned();
        self.index.insert(id.clone(), self.rows.len());
        self.rows.push(row);
        id
    }

    /// A row.
    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        self.index.get(id).and_then(|row| self.rows.get(*row))
    }

    /// A row, to change it.
    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.index.get(id).and_then(|row| self.rows.get_mut(*row))
    }

    /// All rows in the order of their creation.
    pub(super) fn rows(&self) -> &[Value] {
        &self.rows
    }

    /// All rows, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Value> {
        self.rows.iter().rev()
    }
}
