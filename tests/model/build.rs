//! Not `cfg(loom)`, which other crates react to; and not a feature, which somebody could turn on in the main package.
fn main() {
    println!("cargo:rustc-cfg=model");
    println!("cargo:rerun-if-changed=build.rs");
}
