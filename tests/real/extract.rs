//! The tree of an image equals what `mmdebstrap --variant=extract` leaves for the same packages: an independent program that
//! unpacks and runs nothing. Entry by entry, on bookworm and trixie, for amd64 and arm64.
