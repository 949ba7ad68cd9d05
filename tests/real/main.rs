//! Tests on real inputs (the machine's own package mirrors) and against independent tools.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod apt;
mod archive;
mod audit;
mod bundle;
mod clients;
mod containers;
mod cpu;
mod data;
mod database;
mod debconf;
mod disorder;
mod dpkg;
mod extract;
mod golden;
mod image;
mod jars;
mod keystore;
mod layers;
mod layout;
mod ldconfig;
mod locked;
mod mirrors;
mod order;
mod package;
mod perl;
mod publish;
mod published;
mod python;
mod readers;
mod registry;
mod resolve;
mod roundtrip;
mod runtime;
mod servers;
mod spark;
mod store;
mod sysusers;
mod tmpfiles;
mod tree;
mod usrmerge;
mod version;
mod whiteouts;

#[path = "../support/mod.rs"]
mod support;
