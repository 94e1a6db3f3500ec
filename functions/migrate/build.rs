//! A new migration is a reason to build again: the files are embedded.

fn main() {
    println!("cargo:rerun-if-changed=../../shared/migrations");
}
