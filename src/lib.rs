//! Mokapot builds reproducible multi-platform OCI images from Debian packages, without running anything foreign.
//!
//! This page is the map of the house: its floors and rooms, the way of the data through them, and every file on disk with
//! the type that owns it. It changes in the commit that changes the house.
//!
//! # Floors and rooms
//!
//! Imports go down only; `tests/layering.rs` fails on an upward import, and on a sideways one that its table does not allow.
//!
//! | floor | room | one sentence |
//! |---|---|---|
//! | [`cli`] 5 | | one file a command; text, JSON, progress, exit codes; the only floor that prints or reads the environment |
//! | [`ops`] 4 | | one use case a file: [`ops::build`], [`ops::lock`], [`ops::push`] …; the order of effects |
//! | [`io`] 3 | [`io::archive`] | apt repositories: signed metadata, by-hash, package indexes |
//! | | [`io::http`] | one client: redirect rules, retries, resumption, verified downloads |
//! | | [`io::sources`] | mirrors by alias and credentials, from this machine's own package clients; Maven repositories, Python package indexes |
//! | | [`io::store`] | the content-addressed cache: atomic, locked between processes, hashed again on use |
//! | | [`io::objects`] | objects in S3: signed requests, credentials by the AWS chain, parts of one version, conditional puts; folders to publish to |
//! | | [`io::registry`] | OCI layouts and archives on disk, and the distribution API, behind one small interface |
//! | | [`io::unfinished`] | files in the making, so that a signal leaves none behind |
//! | [`domain`] 2 | [`domain::recipe`] | the only place that knows the TOML; a bad recipe is shown with file, line, column and a remedy |
//! | | [`domain::resolve`] | a request and package indexes: the packages `apt` would install, or a tree of reasons |
//! | | [`domain::lock`] | the lockfile; only what [`domain::lock::check`] returns can be built |
//! | | [`domain::python`] | requirements and an index: the wheels of every platform; a wheel: the entries that `pip` would leave |
//! | | [`domain::rootfs`] | the tree in memory: symlink-aware paths, diversions, an owner for every entry |
//! | | [`domain::install`] | what `dpkg` does: order, files that meet, conffiles, triggers, the package database; scripts in their turns |
//! | | [`domain::script`] | the interpreter of maintainer scripts: a shell and the programs they call, over a tree and nothing else; the ledger |
//! | | [`domain::package`] | a package recipe, its lock and what its sources hold: the entries and control files of a `.deb` |
//! | | [`domain::repository`] | an apt repository of ours: what a suite lists, what a publish makes of it, the state that publishers share |
//! | | [`domain::audit`] | what a tree lacks to work on its platform: machine code, libraries, jars' native code |
//! | | [`domain::layer`] | fragments, the owner-aware plan of layers, and the concatenation that makes a layer |
//! | | [`domain::image`] | config, manifest per platform, index |
//! | [`formats`] 1 | [`formats::deb`] | version order, deb822, relations, `Release`, what is asked of archives, `ar`, reading and writing `.deb` |
//! | | [`formats::tar`] | a strict reader for foreign archives, and the canonical writer with its byte format |
//! | | [`formats::wheel`] | wheels: names, tags, metadata, `RECORD`, and a reader that trusts none of them |
//! | | [`formats::simple_index`] | a project's page of a Python package index |
//! | | [`formats::compress`] | bounded decoders for foreign bytes; our own encoders, whose output depends on no CPU |
//! | | [`formats::openpgp`] | signatures of archives: by pinned keys, and by a key of ours |
//! | | [`formats::oci`] | references, documents with their exact bytes, strict and canonical JSON |
//! | | [`formats::elf`] | the name of a shared object, for the cache of the dynamic linker |
//! | | [`formats::jks`] | Java's key stores |
//! | | [`formats::maven`] | coordinates, and where a repository keeps what they name |
//! | | [`formats::s3`] | names of objects in S3 |
//! | | [`formats::x509`] | the hash of a certificate's subject, by which OpenSSL finds it |
//! | [`base`] 0 | | digests, platforms, the epoch, progress events, redaction, what every error can tell |
//!
//! # The way of the data
//!
//! ```text
//! recipe.toml ──recipe──▶ Recipe ─┐
//! archive (InRelease, Packages; verified) ──▶ Request ──resolve──▶ Resolution ──lock──▶ recipe.lock
//! Recipe + lockfile ──lock::check──▶ Locked
//! Locked ──http──▶ .deb files in the store (size and SHA-256 checked while streaming)
//! .deb ──install::deb, layer──▶ fragment (decompressed once, canonical tar, compressed once) + index + facts
//! wheel ──wheel, python──▶ fragment + index (each file held against RECORD as it passes)
//! indexes + facts ──install, script──▶ Tree per platform (metadata in memory; file bytes stay in the store), ledger
//! Tree ──layer::plan──▶ layers ──layer::assemble──▶ blobs ──image──▶ config, manifests, index
//! index ──registry──▶ OCI layout, archive or registry (children first, tag last)
//!
//! package.toml + files + sources (Maven, sdist, URL; by digest) ──package──▶ entries ──deb::writer──▶ NAME_VERSION_ARCH.deb
//! that .deb, or one at an address ──its own control file──▶ Request, as an archive's packages
//! .deb + a repository's signed indexes ──repository::plan──▶ indexes, Release ──openpgp::sign──▶ state, then InRelease (last)
//! ```
//!
//! # Files on disk
//!
//! | file | owner | rule |
//! |---|---|---|
//! | `recipes/NAME.toml` | [`domain::recipe::Recipe`], found by [`ops::project::Project`] | people write it |
//! | `recipes/NAME.lock` | [`domain::lock::Lockfile`], written by [`ops::project::Loaded`] | versioned; a newer version is refused; replaced by rename |
//! | `packages/NAME/package.toml` | [`domain::package::PackageRecipe`], found by [`ops::project::Project`] | people write it, and the files beside it |
//! | `packages/NAME/package.lock` | [`domain::package::PackageLockfile`], written by [`ops::project::LoadedPackage`] | versioned; a newer version is refused; replaced by rename |
//! | `dist/packages/NAME_VERSION_ARCH.deb` | [`ops::package`] | another name of the store's entry where the disk allows it; by rename |
//! | `mirrors.toml` | [`io::sources::mirrors::Mirrors`] | alias = address; of the project or of the user |
//! | repository: `mokapot-repository.json` | [`domain::repository::State`] | versioned; a newer format is refused; replaced only if it is what was read |
//! | repository: `pool/`, `…/by-hash/` | [`ops::publish`] | names that never change; removed once no state names them |
//! | repository: `dists/SUITE/…` | [`ops::publish`] | brought to the state, `InRelease` last |
//! | store: `version`, `lock` | [`io::store::Store`] | a newer format is refused; shared lock while building, exclusive while collecting garbage |
//! | store: `blobs/sha256/HEX` | [`io::store::Store`] | named by its hash, hashed again on use, put aside when damaged |
//! | store: `memo/KIND/HEX` | [`io::store::Store`] | small records by the digest of what they depend on; losing one costs time only |
//! | store: `tmp/`, `claims/`, `quarantine/` | [`io::store::Store`] | swept by the next run; kernel locks; damaged entries |
//! | layout: `oci-layout`, `index.json`, `blobs/` | [`io::registry::Layout`] | image-spec; blobs by rename, `index.json` last |
//! | `FILE` of `oci-archive:FILE` | [`io::registry::archive`] | a deterministic tar of a layout with one image |

pub mod base;
pub mod cli;
pub mod domain;
pub mod formats;
pub mod io;
pub mod ops;
